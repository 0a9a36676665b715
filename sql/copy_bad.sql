-- Marks copies of checkpoints that must not be used again, and says why. The first reason stays.
UPDATE wf_checkpoints SET bad = ?2 WHERE id IN (SELECT value FROM json_each(?1)) AND bad IS NULL;
