-- Deletes rows of the history by id, but only those of the runs given.
DELETE FROM wf_history
WHERE  id IN (SELECT value FROM json_each(:history)) AND run IN (SELECT value FROM json_each(:runs));
