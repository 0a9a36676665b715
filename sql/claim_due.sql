-- Runs that wait for a time that has come, the longest due first; of the descendants of :root alone unless that is 0.
SELECT id, started_us IS NOT NULL AS begun
FROM   wf_runs INDEXED BY wf_runs_due
WHERE  due_us IS NOT NULL AND due_us <= :now_us AND status = 'waiting' AND (:root = 0 OR root = :root)
  AND  (:workflows IS NULL OR workflow IN (SELECT value FROM json_each(:workflows)))
ORDER  BY due_us
LIMIT  :limit;
