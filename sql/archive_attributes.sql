-- Copies the attributes of runs into an archive.
INSERT INTO main.wf_attributes (run, name, value)
SELECT run + :run_shift, name, value
FROM   source.wf_attributes
WHERE  run IN (SELECT value FROM json_each(:runs));
