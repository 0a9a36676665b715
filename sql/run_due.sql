-- When the next run is due. No row if none waits for a time.
SELECT due_us FROM wf_runs
WHERE  due_us IS NOT NULL AND status IN ('pending', 'waiting')
ORDER  BY due_us
LIMIT  1;
