-- History rows that do not follow the row they name as the one before.
SELECT h.run AS run, h.id AS row,
       CASE WHEN h.prev IS NULL THEN 'history row ' || h.seq || ' of its run names no row before it'
            WHEN p.id IS NULL THEN 'the history row before it, ' || h.prev || ', is missing'
            ELSE 'the history row before it is row ' || p.seq || ' of run ' || p.run END AS text
FROM   wf_history h LEFT JOIN wf_history p ON p.id = h.prev
WHERE  (p.run, p.seq) IS NOT (CASE WHEN h.seq > 1 THEN h.run END, CASE WHEN h.seq > 1 THEN h.seq - 1 END)
AND    NOT EXISTS (SELECT 1 FROM wf_leftovers l WHERE l.run = h.run)
LIMIT  :limit;
