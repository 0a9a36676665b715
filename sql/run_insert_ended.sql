-- New runs that are completed in the transaction in which they begin, as run_insert.sql and change_update_state.sql would leave
-- them together.
WITH v (id, uuid, workflow, version, fingerprint, step, visit, attempt, failures, deaths, seq, epoch, deadline_us, queue, priority,
        fair_key, rank, created_us, started_us, first_history, head_history, head_hash, keep, policy, preserve, seed,
        reason, error, done, total, saves, stall_us, active_us, tried_us, learned, result_codec, result,
        copies, copied_us, codec, checksum, random, counters, state) AS (
  SELECT c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25,
         c26, c27, c28, c29, c30, c31, c32, c33, c34, c35, c36, c37, c38, c39, c40, c41, c42, c43, c44 FROM wf_batch
)
INSERT INTO wf_runs (id, uuid, workflow, version, fingerprint, status, step, visit, attempt, failures, deaths, seq, epoch,
  deadline_us, queue, priority, fair_key, rank, children, created_us, started_us, updated_us, ended_us, first_history, head_history,
  head_hash, keep, policy, preserve, seed, reason, error, done, total, saves, stall_us, active_us, tried_us, learned,
  result_codec, result, copies, copied_us, codec, checksum, random, counters, state)
SELECT id, uuid, workflow, version, fingerprint, 'completed', step, visit, attempt, failures, deaths, seq, epoch,
       deadline_us, queue, priority, fair_key, rank, 0, created_us, started_us, created_us, created_us, first_history, head_history,
       head_hash, keep, policy, preserve, seed, reason, error, done, total, saves, stall_us, active_us, tried_us, learned,
       result_codec, result, copies, copied_us, codec, checksum, random, counters, state
FROM   v;
