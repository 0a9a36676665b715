-- The runs that have ended, or are blocked, and whose hooks were not fired yet, of those with numbers in a range.
SELECT h.run
FROM   wf_hooks h JOIN wf_runs r ON r.id = h.run
WHERE  h.run BETWEEN :first AND :last AND r.status IN ('completed', 'failed', 'cancelled', 'blocked')
ORDER  BY h.run
LIMIT  1000;
