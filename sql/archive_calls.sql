-- Copies the recorded calls of runs that no checkpoint covers yet.
INSERT INTO main.wf_calls (run, visit, name, n, time_us, codec, checksum, random, value)
SELECT run + :run_shift, visit, name, n, time_us, codec, checksum, random, value
FROM   source.wf_calls
WHERE  run IN (SELECT value FROM json_each(:runs));
