-- Runs whose result cannot be read from its file.
SELECT id AS run, 0 AS row, 'result ' || wf_fault(result, result_codec, NULL) AS text
FROM   wf_runs
WHERE  substr(result_codec, -5) = '+file' AND wf_fault(result, result_codec, NULL) IS NOT NULL
LIMIT  :limit;
