-- Recorded calls of runs that are gone, or that have ended. One that has failed keeps them, for it may be retried.
SELECT c.run AS run, 0 AS row, count(*) || ' recorded calls of a run that ' || CASE WHEN r.id IS NULL THEN 'is gone' ELSE 'has ended' END AS text
FROM   wf_calls c LEFT JOIN wf_runs r ON r.id = c.run
WHERE  r.id IS NULL OR r.status IN ('completed', 'cancelled')
GROUP  BY c.run
LIMIT  :limit;
