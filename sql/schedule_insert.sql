-- A new schedule.
INSERT INTO wf_schedules (name, workflow, input, options, kind, spec, zone, overlap, catchup_us, jitter_us, created_us,
  next_us, due_us, last_us, last_run, queued_us, starts, skips, error, paused)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
RETURNING id;
