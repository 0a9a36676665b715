-- The runs of a schedule that have not ended.
SELECT id FROM wf_runs
WHERE  schedule = ? AND ended_us IS NULL
ORDER  BY id;
