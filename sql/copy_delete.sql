-- Deletes one copy.
DELETE FROM wf_checkpoints WHERE id = ?1;
