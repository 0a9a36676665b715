-- Deletes what was to be undone of the runs given.
DELETE FROM wf_undos WHERE run IN (SELECT value FROM json_each(:runs));
