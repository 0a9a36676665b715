-- The children of a run that have not ended, of one of its visits or (0) of all, the last place first.
SELECT id FROM wf_runs INDEXED BY wf_runs_open
WHERE  parent = ?1 AND parent IS NOT NULL AND ended_us IS NULL AND (?2 = 0 OR parent_visit = ?2)
ORDER  BY parent_visit DESC, place DESC;
