-- When the next run is due after a time. No row if none waits for one. What was due before that time and
-- still waits belongs to programs that are not running.
SELECT due_us FROM wf_runs
WHERE  due_us > :after_us AND status IN ('pending', 'waiting')
ORDER  BY due_us
LIMIT  1;
