-- A run and all its descendants, the eldest first.
SELECT ?1 UNION ALL SELECT id FROM wf_runs WHERE root = ?1 ORDER BY 1;
