-- The limits of all queues that have any, or have had. running is counted where there is a limit on it.
SELECT name, COALESCE(concurrency, 0) AS concurrency, COALESCE(rate, 0) AS rate, COALESCE(rate_period_us, 0) AS rate_period_us,
       tokens, tokens_us, turn, COALESCE(paused, '') AS paused, 0 AS pending,
       CASE WHEN concurrency IS NULL THEN 0 ELSE
         (SELECT count(*) FROM wf_runs INDEXED BY wf_runs_owner WHERE owner IS NOT NULL AND queue = name)
       END AS running
FROM   wf_queues;
