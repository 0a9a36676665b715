-- Deletes what the runs given have measured.
DELETE FROM wf_metrics WHERE run IN (SELECT value FROM json_each(:runs));
