-- Deletes copies of checkpoints.
DELETE FROM wf_checkpoints WHERE id IN (SELECT value FROM json_each(?1));
