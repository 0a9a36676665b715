-- Takes runs to their next step, and their checkpoints with them, where all else of their rows stays as it is: the most frequent
-- change by far. As change_advance.sql it leaves runs of which others want something to change_update_state.sql.
WITH v (id, was_epoch, was_seq, seq, head_history, head_hash, now_us, fingerprint, step, visit, active_us, checksum, state) AS (
  SELECT c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13 FROM wf_batch
)
UPDATE wf_runs SET
  seq = v.seq, head_history = v.head_history, head_hash = v.head_hash, updated_us = now_us, fingerprint = v.fingerprint,
  step = v.step, visit = v.visit, active_us = v.active_us, checksum = v.checksum, state = v.state
FROM   v
WHERE  wf_runs.id = v.id AND wf_runs.epoch = was_epoch AND wf_runs.seq = was_seq AND wf_runs.status = 'running'
  AND  want IS NULL;
