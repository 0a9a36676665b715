-- Writes that a visit has to be undone if the run fails, unless the run has another owner now. A visit that is begun
-- once more, after it was undone, has to be undone once more.
INSERT INTO wf_undos (run, visit, step, state)
SELECT id, ?3, ?4, 'open' FROM wf_runs WHERE id = ?1 AND epoch = ?2 AND status = 'running'
ON CONFLICT (run, visit) DO UPDATE SET
  step = excluded.step, state = 'open', attempts = 0, failures = 0, error = NULL, reason = NULL;
