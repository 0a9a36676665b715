-- The number of the next point of a series.
SELECT COALESCE(max(n) + 1, 0) FROM wf_metrics WHERE run = ? AND name = ?;
