-- Recorded calls whose value cannot be read or does not match its checksum.
SELECT run AS run, 0 AS row, 'call ' || name || ' ' || n || ' of visit ' || visit || ' ' || wf_fault(value, codec, checksum) AS text
FROM   wf_calls
WHERE  wf_fault(value, codec, checksum) IS NOT NULL
LIMIT  :limit;
