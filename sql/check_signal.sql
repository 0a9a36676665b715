-- Signals of runs that are not there, or have ended for good.
SELECT s.run AS run, s.id AS row, 'signal ' || s.name || IIF(r.id IS NULL, ' belongs to no run', ' is left of a run that has ended') AS text
FROM   wf_signals s LEFT JOIN wf_runs r ON r.id = s.run
WHERE  r.id IS NULL OR r.status IN ('completed', 'cancelled')
LIMIT  :limit;
