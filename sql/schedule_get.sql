-- A schedule by its name.
SELECT id, name, workflow, COALESCE(input, '') AS input, options, kind, spec, zone, overlap, catchup_us, jitter_us,
       created_us, COALESCE(next_us, 0) AS next_us, COALESCE(due_us, 0) AS due_us, COALESCE(last_us, 0) AS last_us,
       COALESCE(last_run, 0) AS last_run, COALESCE(queued_us, 0) AS queued_us, starts, skips,
       COALESCE(error, '') AS error, COALESCE(paused, '') AS paused
FROM   wf_schedules
WHERE  name = :name;
