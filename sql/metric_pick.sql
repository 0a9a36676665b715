-- Some points of a series of a run, by their numbers, oldest first.
SELECT name, n, x, value AS stored, time_us
FROM   wf_metrics
WHERE  run = :run AND name = :name AND n IN (SELECT value FROM json_each(:numbers))
ORDER  BY n;
