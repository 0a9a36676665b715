-- The processes that are not known to have stopped, and those that runs are still owned by, oldest first. The owners are
-- found by skipping from one to the next, so that nothing is read of processes and runs of the past.
WITH RECURSIVE owner (id) AS (
  SELECT min(owner) FROM wf_runs INDEXED BY wf_runs_owner WHERE owner IS NOT NULL
  UNION ALL
  SELECT (SELECT min(owner) FROM wf_runs INDEXED BY wf_runs_owner WHERE owner > o.id) FROM owner AS o WHERE o.id IS NOT NULL
)
SELECT id, uuid, host, pid, program, version, started_us, COALESCE(stopped_us, 0) AS stopped_us, died
FROM   wf_workers
WHERE  id IN (
  SELECT id FROM wf_workers INDEXED BY wf_workers_living WHERE stopped_us IS NULL
  UNION
  SELECT id FROM owner
)
ORDER  BY id;
