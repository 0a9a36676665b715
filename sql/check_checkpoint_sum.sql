-- Older checkpoints whose state cannot be read or does not match its checksum and that are not marked as bad.
SELECT run AS run, id AS row, 'older checkpoint ' || wf_fault(state, codec, checksum) AS text
FROM   wf_checkpoints
WHERE  bad IS NULL AND wf_fault(state, codec, checksum) IS NOT NULL
LIMIT  :limit;
