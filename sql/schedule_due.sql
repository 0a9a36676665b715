-- Schedules of some workflows that are to be looked at, the one that has waited longest first.
SELECT id, name, workflow, COALESCE(input, '') AS input, options, kind, spec, zone, overlap, catchup_us, jitter_us,
       created_us, COALESCE(next_us, 0) AS next_us, COALESCE(due_us, 0) AS due_us, COALESCE(last_us, 0) AS last_us,
       COALESCE(last_run, 0) AS last_run, COALESCE(queued_us, 0) AS queued_us, starts, skips,
       COALESCE(error, '') AS error, COALESCE(paused, '') AS paused
FROM   wf_schedules
WHERE  due_us <= :now_us AND workflow IN (SELECT value FROM json_each(:workflows))
ORDER  BY due_us
LIMIT  100;
