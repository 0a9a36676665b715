-- Copies what runs have measured into an archive.
INSERT INTO main.wf_metrics (run, name, n, x, value, time_us)
SELECT run + :run_shift, name, n, x, value, time_us
FROM   source.wf_metrics
WHERE  run IN (SELECT value FROM json_each(:runs));
