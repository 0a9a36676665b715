-- The children of a run that have not ended.
SELECT id FROM wf_runs INDEXED BY wf_runs_open
WHERE  parent = ?1 AND parent IS NOT NULL AND ended_us IS NULL
ORDER  BY id;
