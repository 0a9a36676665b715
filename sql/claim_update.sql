-- Gives runs to an owner: a compare-and-set on (id, epoch, seq, status). From now on their rank says that they have begun.
WITH v (id, was_epoch, was_seq, was_status, status, owner, step, fingerprint, attempt, wait, reason, now_us, seq, head_history,
        head_hash) AS (
  SELECT c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15 FROM wf_batch
)
UPDATE wf_runs SET
  status = v.status, owner = v.owner, epoch = was_epoch + 1, step = v.step, fingerprint = v.fingerprint, attempt = v.attempt,
  due_us = NULL, wait = v.wait, reason = v.reason, rank = -1, started_us = COALESCE(started_us, now_us), updated_us = now_us,
  seq = v.seq, head_history = v.head_history, head_hash = v.head_hash
FROM   v
WHERE  wf_runs.id = v.id AND wf_runs.epoch = was_epoch AND wf_runs.seq = was_seq AND wf_runs.status = was_status;
