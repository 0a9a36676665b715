-- What is to be undone of runs that are gone, or that have ended without it.
SELECT u.run AS run, 0 AS row, count(*) || ' visits to be undone of a run that ' || CASE WHEN r.id IS NULL THEN 'is gone' ELSE 'has ended' END AS text
FROM   wf_undos u LEFT JOIN wf_runs r ON r.id = u.run
WHERE  r.id IS NULL OR r.status = 'completed' OR (r.status IN ('failed', 'cancelled') AND u.state = 'open')
GROUP  BY u.run
LIMIT  :limit;
