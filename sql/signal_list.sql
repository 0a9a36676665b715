-- A run's mailbox: a page of the signals that have come, oldest first.
SELECT id, run, name, COALESCE(key, '') AS key, COALESCE(visit, 0) AS visit, time_us, COALESCE(sender, '') AS sender,
       codec AS "value.codec", value AS "value.data", checksum
FROM   wf_signals
WHERE  id > :after AND run = :run
ORDER  BY id
LIMIT  :limit;
