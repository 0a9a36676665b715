-- The descendants of a run that were suspended with it.
SELECT id FROM wf_runs INDEXED BY wf_runs_branch
WHERE  root = ?1 AND status IN ('pending', 'suspended') AND root IS NOT NULL AND status = 'suspended';
