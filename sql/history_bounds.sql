-- The lowest and the highest row of the whole history; zeros if there is none.
SELECT COALESCE((SELECT min(id) FROM wf_history), 0) AS first, COALESCE((SELECT max(id) FROM wf_history), 0) AS head, 0 AS rows;
