-- The run that was created last, children apart.
SELECT id FROM wf_runs WHERE parent IS NULL ORDER BY id DESC LIMIT 1;
