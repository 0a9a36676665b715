-- The schedules of other files are none of ours.
UPDATE main.wf_runs SET schedule = NULL WHERE id IN (SELECT value + :run_shift FROM json_each(:runs)) AND schedule IS NOT NULL;
