-- Deletes the signals of runs that have ended for good.
DELETE FROM wf_signals WHERE run IN (SELECT value FROM json_each(?1));
