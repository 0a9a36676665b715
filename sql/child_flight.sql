-- Whether a child of that visit is in flight: it has not ended, and does not wait for a place.
SELECT EXISTS (
  SELECT 1 FROM wf_runs INDEXED BY wf_runs_open
  WHERE  parent = ?1 AND parent_visit = ?2 AND parent IS NOT NULL AND ended_us IS NULL AND wait IS NOT '{"kind":"limit"}'
) AS flying;
