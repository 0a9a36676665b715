-- The worker that owns a run, or else the one that its history names last: it walks back as far as that.
WITH RECURSIVE walk (prev, worker) AS (
  SELECT h.prev, COALESCE(r.owner, h.worker) FROM wf_runs r JOIN wf_history h ON h.id = r.head_history WHERE r.id = :run
  UNION ALL
  SELECT h.prev, h.worker FROM walk JOIN wf_history h ON h.id = walk.prev WHERE walk.worker IS NULL
)
SELECT worker FROM walk WHERE worker IS NOT NULL;
