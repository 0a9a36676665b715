-- Lets a schedule be looked at whose start waits for the run before it, once no run of it is open.
UPDATE wf_schedules
SET    due_us = ?2
WHERE  id = ?1 AND queued_us IS NOT NULL AND paused IS NULL
AND    NOT EXISTS (SELECT 1 FROM wf_runs WHERE schedule = ?1 AND ended_us IS NULL);
