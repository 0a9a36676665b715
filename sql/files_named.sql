-- The files that hold payloads of rows, as their columns list them. Each part has an index of just these rows.
SELECT state FROM wf_runs WHERE substr(codec, -5) = '+file'
UNION ALL
SELECT result FROM wf_runs WHERE substr(result_codec, -5) = '+file'
UNION ALL
SELECT state FROM wf_checkpoints WHERE substr(codec, -5) = '+file'
UNION ALL
SELECT value FROM wf_calls WHERE substr(codec, -5) = '+file';
