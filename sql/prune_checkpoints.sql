-- Deletes the older checkpoints that the runs given name.
DELETE FROM wf_checkpoints
WHERE  id IN (SELECT copy.value FROM wf_runs r, json_each(r.copies) copy WHERE r.id IN (SELECT value FROM json_each(:runs)));
