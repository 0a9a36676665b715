-- The lowest and the highest number of a run; zeros if there is none.
SELECT COALESCE((SELECT min(id) FROM wf_runs), 0) AS first, COALESCE((SELECT max(id) FROM wf_runs), 0) AS head, 0 AS rows;
