-- The processes that own or have owned runs, oldest first; :living leaves out those known to have stopped, unless a run
-- is still theirs.
SELECT id, uuid, host, pid, program, version, started_us, COALESCE(stopped_us, 0) AS stopped_us, died
FROM   wf_workers
WHERE  NOT :living OR stopped_us IS NULL OR EXISTS (SELECT 1 FROM wf_runs r WHERE r.owner = wf_workers.id)
ORDER  BY id;
