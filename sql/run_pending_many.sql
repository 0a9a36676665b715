-- Whether more than so many runs are pending.
SELECT EXISTS (SELECT 1 FROM wf_runs INDEXED BY wf_runs_pending WHERE status = 'pending' LIMIT 1 OFFSET :most);
