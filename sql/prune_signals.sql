-- Deletes the signals of the runs given.
DELETE FROM wf_signals WHERE run IN (SELECT value FROM json_each(:runs));
