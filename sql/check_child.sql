-- Children whose parent is not there, or that are open though their parent has ended, nobody asks them to stop, and nobody has
-- retried them since.
SELECT c.id AS run, 0 AS row, IIF(p.id IS NULL, 'its parent is not there', 'is open though its parent has ended') AS text
FROM   wf_runs c LEFT JOIN wf_runs p ON p.id = c.parent
WHERE  c.parent IS NOT NULL
AND    (p.id IS NULL OR p.ended_us IS NOT NULL AND c.ended_us IS NULL AND c.ending IS NULL AND COALESCE(c.want, '') <> 'cancel'
        AND NOT EXISTS (SELECT 1 FROM wf_history h
                        WHERE  h.id BETWEEN c.first_history AND c.head_history AND h.run = c.id AND h.kind = 'retried'))
LIMIT  :limit;
