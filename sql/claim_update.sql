-- Gives runs to an owner: a compare-and-set on (id, epoch, seq, status).
WITH v (id, was_epoch, was_seq, was_status, owner, now_us, seq, head_history, head_hash) AS (VALUES
  (?, ?, ?, ?, ?, ?, ?, ?, ?)
)
UPDATE wf_runs SET
  status = 'running', owner = v.owner, epoch = was_epoch + 1, attempt = attempt + 1, due_us = NULL,
  started_us = COALESCE(started_us, now_us), updated_us = now_us,
  seq = v.seq, head_history = v.head_history, head_hash = v.head_hash
FROM   v
WHERE  wf_runs.id = v.id AND epoch = was_epoch AND wf_runs.seq = was_seq AND status = was_status
RETURNING wf_runs.id;
