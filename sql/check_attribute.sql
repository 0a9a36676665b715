-- Attributes of runs that are gone.
SELECT a.run AS run, 0 AS row, count(*) || ' attributes of a run that is gone' AS text
FROM   wf_attributes a LEFT JOIN wf_runs r ON r.id = a.run
WHERE  r.id IS NULL
GROUP  BY a.run
LIMIT  :limit;
