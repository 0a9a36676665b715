-- Recorded calls whose value does not match its checksum.
SELECT run AS run, 0 AS row, 'call ' || name || ' ' || n || ' of visit ' || visit || ' does not match its checksum' AS text
FROM   wf_calls
WHERE  checksum <> wf_crc32c(value)
LIMIT  :limit;
