-- The signal that has led to a step visit of a run.
SELECT id, run, name, COALESCE(key, '') AS key, COALESCE(visit, 0) AS visit, time_us, COALESCE(sender, '') AS sender,
       codec AS "value.codec", value AS "value.data", checksum
FROM   wf_signals
WHERE  run = :run AND visit = :visit
ORDER  BY id
LIMIT  1;
