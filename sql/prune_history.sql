-- Deletes rows of the history by id, but only those that are left of runs.
DELETE FROM wf_history
WHERE  id IN (SELECT value FROM json_each(:ids)) AND run IN (SELECT run FROM wf_leftovers);
