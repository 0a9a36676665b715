-- Whether a child of that visit has failed or was cancelled.
SELECT EXISTS (
  SELECT 1 FROM wf_runs INDEXED BY wf_runs_child
  WHERE  parent = ?1 AND parent_visit = ?2 AND parent IS NOT NULL AND status IN ('failed', 'cancelled')
) AS lost;
