-- History rows of workers that are gone.
SELECT h.run AS run, h.id AS row, 'history row of worker ' || h.worker || ', which is gone' AS text
FROM   wf_history h
WHERE  h.worker IS NOT NULL AND NOT EXISTS (SELECT 1 FROM wf_workers w WHERE w.id = h.worker)
LIMIT  :limit;
