-- Whether a child of that visit has not ended.
SELECT EXISTS (
  SELECT 1 FROM wf_runs INDEXED BY wf_runs_open
  WHERE  parent = ?1 AND parent_visit = ?2 AND parent IS NOT NULL AND ended_us IS NULL
) AS open;
