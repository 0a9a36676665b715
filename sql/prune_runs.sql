-- A page of the runs that a retention lets go, oldest first, without their payloads.
SELECT id, uuid, seq, COALESCE(first_history, 0) AS first_history, COALESCE(head_history, 0) AS head_history, ended_us, copies
FROM   wf_runs
WHERE  id > :after AND ended_us < :ended_before_us
AND    status IN ('completed', 'failed', 'cancelled')
AND    (:workflows IS NULL OR workflow IN (SELECT value FROM json_each(:workflows)))
AND    (:statuses IS NULL OR status IN (SELECT value FROM json_each(:statuses)))
ORDER  BY id
LIMIT  :limit;
