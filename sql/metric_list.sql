-- A page of a series of a run, oldest first.
SELECT name, n, x, value AS stored, time_us
FROM   wf_metrics
WHERE  run = :run AND name = :name AND n >= :first
ORDER  BY n
LIMIT  :limit;
