-- Runs whose checkpoint cannot be read or does not match its checksum.
SELECT id AS run, 0 AS row, 'checkpoint ' || wf_fault(state, codec, checksum) AS text
FROM   wf_runs
WHERE  wf_fault(state, codec, checksum) IS NOT NULL
LIMIT  :limit;
