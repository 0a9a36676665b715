-- Deletes the runs given that have ended.
DELETE FROM wf_runs WHERE id IN (SELECT value FROM json_each(:runs)) AND ended_us IS NOT NULL;
