-- The attributes of some runs.
SELECT run, name, value
FROM   wf_attributes
WHERE  run IN (SELECT value FROM json_each(:runs))
ORDER  BY run, name;
