-- Changes runs that stay with their owner, and their checkpoints: a transition or a save. It sets
-- no column that an index or the trigger on the status looks at, but for the index of states in files, which
-- looks at the codec alone. Runs of which others want something are left to change_update_state.sql; to return what they
-- want would cost a third of the change.
WITH v (id, was_epoch, was_seq, seq, head_history, head_hash, now_us, version, fingerprint, step, visit, attempt,
        failures, deaths, reason, error, done, total, saves, stall_us, active_us, tried_us, learned,
        copies, copied_us, codec, checksum, random, counters, state) AS (
  SELECT c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25,
         c26, c27, c28, c29, c30 FROM wf_batch
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
  AND  want IS NULL;
