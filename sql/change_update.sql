-- Changes runs but not their checkpoints: a compare-and-set on (id, epoch, seq, status). A wish of others is kept until
-- the run's status grants it; a run that has ended grants any.
WITH v (id, was_epoch, was_seq, was_status, status, epoch, seq, head_history, head_hash, owner, now_us, ended, version,
        fingerprint, step, visit, attempt, failures, deaths, due_us, wait, ending, children,
        reason, error, done, total, saves, stall_us, active_us, tried_us, learned, result_codec, result) AS (
  SELECT c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25,
         c26, c27, c28, c29, c30, c31, c32, c33, c34 FROM wf_batch
)
UPDATE wf_runs SET
  status = v.status, epoch = v.epoch, seq = v.seq, head_history = v.head_history, head_hash = v.head_hash, owner = v.owner,
  updated_us = now_us, ended_us = IIF(ended, now_us, NULL), version = v.version, fingerprint = v.fingerprint,
  step = v.step, visit = v.visit, attempt = v.attempt, failures = v.failures, deaths = v.deaths, due_us = v.due_us,
  wait = v.wait, ending = v.ending, children = v.children,
  reason = v.reason, error = v.error, done = v.done, total = v.total, saves = v.saves, stall_us = v.stall_us,
  active_us = v.active_us, tried_us = v.tried_us, learned = v.learned,
  result_codec = v.result_codec, result = v.result,
  want = IIF(want IS NULL OR ended OR (v.status = 'paused' AND want = 'pause') OR (v.status = 'compensating' AND want = 'cancel'),
    NULL, want)
FROM   v
WHERE  wf_runs.id = v.id AND wf_runs.epoch = was_epoch AND wf_runs.seq = was_seq AND wf_runs.status = was_status;
