-- Appends points to series of runs.
INSERT INTO wf_metrics (run, name, n, x, value, time_us) VALUES (?, ?, ?, ?, ?, ?);
