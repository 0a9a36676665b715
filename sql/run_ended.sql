-- Which of some runs have ended. A run that is gone has, too.
SELECT w.value
FROM   json_each(:ids) AS w LEFT JOIN wf_runs AS r ON r.id = w.value
WHERE  r.id IS NULL OR r.status IN ('completed', 'failed', 'cancelled');
