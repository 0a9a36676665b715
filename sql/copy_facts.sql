-- What decides which of the copies given are kept.
SELECT id, active_us, size_bytes, metric FROM wf_checkpoints
WHERE  id IN (SELECT value FROM json_each(?1))
ORDER  BY id;
