-- Deletes a run's recorded calls from a visit on: a checkpoint covers them, or the run has ended. Those of a visit that may
-- have to be undone stay.
DELETE FROM wf_calls
WHERE  run = ?1 AND visit >= ?2
  AND  visit NOT IN (SELECT visit FROM wf_undos WHERE run = ?1 AND visit >= ?2 AND state = 'open');
