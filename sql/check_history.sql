-- History of runs that are gone, and that nobody is to delete.
SELECT h.run AS run, min(h.id) AS row, count(*) || ' history rows of a run that is gone' AS text
FROM   wf_history h
WHERE  NOT EXISTS (SELECT 1 FROM wf_runs r WHERE r.id = h.run)
AND    NOT EXISTS (SELECT 1 FROM wf_leftovers l WHERE l.run = h.run)
GROUP  BY h.run
LIMIT  :limit;
