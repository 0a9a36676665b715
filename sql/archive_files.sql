-- The files that hold payloads of runs, older checkpoints and recorded calls that are archived, as their columns list them.
SELECT state FROM source.wf_runs
WHERE  id IN (SELECT value FROM json_each(:runs)) AND substr(codec, -5) = '+file'
UNION
SELECT result FROM source.wf_runs
WHERE  id IN (SELECT value FROM json_each(:runs)) AND substr(result_codec, -5) = '+file'
UNION
SELECT state FROM source.wf_checkpoints
WHERE  id IN (SELECT value FROM json_each(:checkpoints)) AND substr(codec, -5) = '+file'
UNION
SELECT value FROM source.wf_calls
WHERE  run IN (SELECT value FROM json_each(:runs)) AND substr(codec, -5) = '+file';
