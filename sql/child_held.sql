-- The sibling that is next when a place among those in flight becomes free. One that is paused is left alone.
SELECT id FROM wf_runs INDEXED BY wf_runs_held
WHERE  parent = ?1 AND parent_visit = ?2 AND wait = '{"kind":"limit"}' AND status = 'waiting'
ORDER  BY place
LIMIT  1;
