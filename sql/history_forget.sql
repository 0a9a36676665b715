-- Deletes the history of a run, from the row named back to the first.
DELETE FROM wf_history WHERE id IN (
  WITH RECURSIVE walk (id, prev) AS (
    SELECT id, prev FROM wf_history WHERE id = ?1
    UNION ALL
    SELECT h.id, h.prev FROM walk JOIN wf_history h ON h.id = walk.prev)
  SELECT id FROM walk);
