-- Runs whose checkpoint does not match its checksum.
SELECT id AS run, 0 AS row, 'checkpoint does not match its checksum' AS text
FROM   wf_runs
WHERE  checksum <> wf_crc32c(state)
LIMIT  :limit;
