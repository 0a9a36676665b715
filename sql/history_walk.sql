-- Up to :limit rows of one run, walked backwards from row :head by the ids of the previous rows, down to but without :after.
WITH RECURSIVE walk (id, prev, run) AS (
  SELECT id, prev, run FROM wf_history WHERE id = :head
  UNION ALL
  SELECT h.id, h.prev, h.run FROM walk JOIN wf_history h ON h.id = walk.prev WHERE walk.prev > :after LIMIT :limit
)
SELECT id, COALESCE(prev, 0) AS prev, run FROM walk;
