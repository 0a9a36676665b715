-- Appends points to series of runs.
INSERT INTO wf_metrics (run, name, n, x, value, time_us)
SELECT c1, c2, c3, c4, c5, c6 FROM wf_batch;
