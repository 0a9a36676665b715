-- All queues that have limits or runs that have not ended, by name. The names are found by skipping from one to the next.
WITH RECURSIVE lane (name) AS (
  SELECT min(queue) FROM wf_runs INDEXED BY wf_runs_pending WHERE status = 'pending'
  UNION ALL
  SELECT (SELECT min(queue) FROM wf_runs INDEXED BY wf_runs_pending WHERE status = 'pending' AND queue > lane.name)
  FROM   lane WHERE name IS NOT NULL
),
known (name) AS (
  SELECT name FROM lane WHERE name IS NOT NULL
  UNION SELECT queue FROM wf_runs INDEXED BY wf_runs_owner WHERE owner IS NOT NULL
  UNION SELECT name FROM wf_queues
)
SELECT known.name, COALESCE(concurrency, 0) AS concurrency, COALESCE(rate, 0) AS rate, COALESCE(rate_period_us, 0) AS rate_period_us,
       COALESCE(tokens, 0) AS tokens, COALESCE(tokens_us, 0) AS tokens_us, COALESCE(turn, 0) AS turn, COALESCE(paused, '') AS paused,
       (SELECT count(*) FROM wf_runs INDEXED BY wf_runs_pending WHERE status = 'pending' AND queue = known.name) AS pending,
       (SELECT count(*) FROM wf_runs INDEXED BY wf_runs_owner WHERE owner IS NOT NULL AND queue = known.name) AS running
FROM   known LEFT JOIN wf_queues AS q ON q.name = known.name
WHERE  :name IS NULL OR known.name = :name
ORDER  BY known.name;
