-- Whether there is a run to claim: pending, or waiting until a time that has come. A look that finds none
-- does not take the write lock.
SELECT EXISTS (
  SELECT 1 FROM wf_runs INDEXED BY wf_runs_pending
  WHERE  status = 'pending' AND (due_us IS NULL OR due_us <= :now_us)
         AND workflow IN (SELECT value FROM json_each(:workflows))
) OR EXISTS (
  SELECT 1 FROM wf_runs INDEXED BY wf_runs_due
  WHERE  due_us <= :now_us AND status = 'waiting' AND workflow IN (SELECT value FROM json_each(:workflows))
) AS claimable;
