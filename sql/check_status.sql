-- Runs whose status is none of ours or does not go with the time they ended.
SELECT id AS run, 0 AS row, 'is ' || status || CASE WHEN ended_us IS NULL THEN ' but has not ended' ELSE ' but has ended' END AS text
FROM   wf_runs
WHERE  status NOT IN ('pending', 'running', 'waiting', 'paused', 'blocked', 'suspended', 'compensating', 'completed', 'failed', 'cancelled')
OR     (status IN ('completed', 'failed', 'cancelled')) <> (ended_us IS NOT NULL)
LIMIT  :limit;
