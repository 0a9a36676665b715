-- The next pending runs of a queue that have begun before: a rank below zero says so. They are found by skipping from one
-- priority to the next.
WITH RECURSIVE level (priority) AS (
  SELECT max(priority) FROM wf_runs INDEXED BY wf_runs_pending WHERE status = 'pending' AND queue = :queue
  UNION ALL
  SELECT (SELECT max(priority) FROM wf_runs INDEXED BY wf_runs_pending
          WHERE  status = 'pending' AND queue = :queue AND priority < level.priority)
  FROM   level WHERE priority IS NOT NULL
)
SELECT r.id, 1 AS begun
FROM   level CROSS JOIN wf_runs AS r INDEXED BY wf_runs_pending
ON     r.status = 'pending' AND r.queue = :queue AND r.priority = level.priority AND r.rank < 0
WHERE  :workflows IS NULL OR r.workflow IN (SELECT value FROM json_each(:workflows))
LIMIT  :limit;
