-- Writes what has to be undone of visits, or what became of it.
INSERT INTO wf_undos (run, visit, step, state, attempts, failures, error, reason)
SELECT c1, c2, c3, c4, c5, c6, c7, c8 FROM wf_batch WHERE true
ON CONFLICT (run, visit) DO UPDATE SET
  step = excluded.step, state = excluded.state, attempts = excluded.attempts, failures = excluded.failures,
  error = excluded.error, reason = excluded.reason;
