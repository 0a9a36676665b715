-- Notes into which file a run was packed, or takes it back with NULL.
UPDATE wf_runs SET packed = ?2 WHERE id = ?1;
