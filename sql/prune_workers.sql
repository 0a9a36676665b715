-- Deletes the workers that stopped before the retention's age and before the oldest history that is left: no row names them.
DELETE FROM wf_workers
WHERE  stopped_us < :ended_before_us
AND    stopped_us < COALESCE((SELECT time_us FROM wf_history ORDER BY id LIMIT 1), :ended_before_us)
AND    NOT EXISTS (SELECT 1 FROM wf_runs r WHERE r.owner = wf_workers.id);
