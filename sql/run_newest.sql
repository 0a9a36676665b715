-- The run that was created last.
SELECT id FROM wf_runs ORDER BY id DESC LIMIT 1;
