-- The short form of a run's newest state, as its newest event that has one tells it; not further back than 100 events.
WITH RECURSIVE walk (n, prev, brief) AS (
  SELECT 1, h.prev, h.detail ->> 'state' FROM wf_runs r JOIN wf_history h ON h.id = r.head_history WHERE r.id = :run
  UNION ALL
  SELECT w.n + 1, h.prev, h.detail ->> 'state' FROM walk w JOIN wf_history h ON h.id = w.prev WHERE w.brief IS NULL AND w.n < 100
)
SELECT brief FROM walk WHERE brief IS NOT NULL;
