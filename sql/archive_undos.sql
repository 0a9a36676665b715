-- Copies what was to be undone of runs into an archive.
INSERT INTO main.wf_undos (run, visit, step, state, attempts, failures, error, reason)
SELECT run + :run_shift, visit, step, state, attempts, failures, error, reason
FROM   source.wf_undos
WHERE  run IN (SELECT value FROM json_each(:runs));
