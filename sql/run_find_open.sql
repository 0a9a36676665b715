-- run_find.sql for statuses of which completed is none, by way of indexes that have no such runs. Those that are neither
-- completed nor pending nor running are in order there; of the others there must be few.
SELECT id
FROM   wf_runs INDEXED BY wf_runs_rare
WHERE  status <> 'completed' AND status <> 'pending' AND status <> 'running' AND id > :after AND id < :before
  AND  EXISTS (SELECT 1 FROM json_each(:statuses) WHERE value NOT IN ('pending', 'running'))
  AND  status IN (SELECT value FROM json_each(:statuses))
  AND  (:workflows IS NULL OR workflow IN (SELECT value FROM json_each(:workflows)))
  AND  (:since_us = 0 OR created_us >= :since_us) AND (:until_us = 0 OR created_us < :until_us)
  AND  (:owner = 0 OR owner = :owner)
  AND  (:key = '' OR key = :key)
UNION  ALL
SELECT id
FROM   wf_runs
WHERE  id IN (
         SELECT id FROM wf_runs INDEXED BY wf_runs_pending
         WHERE  status = 'pending' AND 'pending' IN (SELECT value FROM json_each(:statuses)) AND id > :after AND id < :before
         UNION
         SELECT id FROM wf_runs INDEXED BY wf_runs_owner
         WHERE  owner IS NOT NULL AND 'running' IN (SELECT value FROM json_each(:statuses)) AND id > :after AND id < :before
       )
  AND  (status = 'pending' OR status = 'running') AND status IN (SELECT value FROM json_each(:statuses))
  AND  (:workflows IS NULL OR workflow IN (SELECT value FROM json_each(:workflows)))
  AND  (:since_us = 0 OR created_us >= :since_us) AND (:until_us = 0 OR created_us < :until_us)
  AND  (:owner = 0 OR owner = :owner)
  AND  (:key = '' OR key = :key)
ORDER  BY id DESC
LIMIT  :limit;
