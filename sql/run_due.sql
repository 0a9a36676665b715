-- When to look again after a time: due_us is when the next run is due, its deadline comes, or a queue with pending runs has
-- a token again, 0 if never; held says that a queue which bounds how many runs execute has pending ones. What was due before
-- that time and still waits belongs to programs that are not running.
SELECT COALESCE((
  SELECT min(at) FROM (
    SELECT at FROM (
      SELECT due_us AS at FROM wf_runs INDEXED BY wf_runs_due
      WHERE  due_us IS NOT NULL AND due_us > :after_us AND status IN ('waiting', 'compensating')
      ORDER  BY due_us LIMIT 1
    )
    UNION ALL
    SELECT at FROM (
      SELECT deadline_us AS at FROM wf_runs INDEXED BY wf_runs_deadline
      WHERE  deadline_us IS NOT NULL AND ended_us IS NULL AND deadline_us > :after_us AND status IN ('pending', 'waiting', 'suspended')
      ORDER  BY deadline_us LIMIT 1
    )
    UNION ALL
    SELECT tokens_us + CAST((1 - tokens) * rate_period_us / rate AS INTEGER) + 1 AS ready_us FROM wf_queues AS q
    WHERE  rate IS NOT NULL AND paused IS NULL AND tokens < 1 AND ready_us > :after_us
      AND  EXISTS (SELECT 1 FROM wf_runs INDEXED BY wf_runs_pending WHERE status = 'pending' AND queue = q.name)
  )
), 0) AS due_us,
EXISTS (
  SELECT 1 FROM wf_queues AS q
  WHERE  concurrency IS NOT NULL AND paused IS NULL
    AND  EXISTS (SELECT 1 FROM wf_runs INDEXED BY wf_runs_pending WHERE status = 'pending' AND queue = q.name)
) AS held;
