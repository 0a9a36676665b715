-- Hooks of runs that are gone.
SELECT h.run AS run, 0 AS row, 'hooks of a run that is gone' AS text
FROM   wf_hooks h
WHERE  NOT EXISTS (SELECT 1 FROM wf_runs r WHERE r.id = h.run)
LIMIT  :limit;
