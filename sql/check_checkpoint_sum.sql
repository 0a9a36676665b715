-- Older checkpoints whose state does not match its checksum and that are not marked as bad.
SELECT run AS run, id AS row, 'older checkpoint does not match its checksum' AS text
FROM   wf_checkpoints
WHERE  bad IS NULL AND checksum <> wf_crc32c(state)
LIMIT  :limit;
