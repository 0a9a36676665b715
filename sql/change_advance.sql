-- Changes runs that stay with their owner, and their checkpoints: the most frequent change by far. It sets
-- no column that an index or the trigger on the status looks at, but for the index of states in files, which
-- looks at the codec alone; otherwise as change_update_state.sql.
WITH v (id, was_epoch, was_seq, seq, head_history, head_hash, now_us, version, fingerprint, step, visit, attempt,
        failures, deaths, reason, error, done, total, saves, stall_us, active_us, tried_us, learned,
        copies, copied_us, codec, checksum, random, counters, state) AS (VALUES
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
)
UPDATE wf_runs SET
  seq = v.seq, head_history = v.head_history, head_hash = v.head_hash, updated_us = now_us, version = v.version,
  fingerprint = v.fingerprint, step = v.step, visit = v.visit, attempt = v.attempt, failures = v.failures, deaths = v.deaths,
  reason = v.reason, error = v.error, done = v.done, total = v.total, saves = v.saves, stall_us = v.stall_us,
  active_us = v.active_us, tried_us = v.tried_us, learned = v.learned,
  copies = v.copies, copied_us = v.copied_us, codec = v.codec, checksum = v.checksum,
  random = v.random, counters = v.counters, state = v.state
FROM   v
WHERE  wf_runs.id = v.id AND wf_runs.epoch = was_epoch AND wf_runs.seq = was_seq AND wf_runs.status = 'running'
RETURNING wf_runs.id, COALESCE(want, '');
