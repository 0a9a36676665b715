-- Those of the runs named that nobody owns and that have one of the statuses named. One that waits is not taken before its
-- time, unless its deadline has passed.
SELECT id, started_us IS NOT NULL AS begun
FROM   wf_runs
WHERE  id IN (SELECT value FROM json_each(:ids))
  AND  status IN (SELECT value FROM json_each(:statuses))
  AND  owner IS NULL
  AND  (status NOT IN ('waiting', 'compensating') OR status = 'compensating' AND due_us IS NULL OR due_us <= :now_us
        OR status = 'waiting' AND deadline_us <= :now_us)
  AND  (:workflows IS NULL OR workflow IN (SELECT value FROM json_each(:workflows)))
ORDER  BY id
LIMIT  :limit;
