-- Moves a run on to a new newest row of its history, and nothing else: a compare-and-set on (id, seq, status) of a run without an owner.
UPDATE wf_runs SET seq = ?4, head_history = ?5, head_hash = ?6
WHERE  id = ?1 AND seq = ?2 AND status = ?3 AND owner IS NULL AND first_history IS NOT NULL;
