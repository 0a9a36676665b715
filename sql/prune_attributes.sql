-- Deletes the attributes of the runs given.
DELETE FROM wf_attributes WHERE run IN (SELECT value FROM json_each(:runs));
