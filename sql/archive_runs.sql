-- Copies runs into an archive: those that have ended, or with :open others, too.
INSERT INTO main.wf_runs (
  id, uuid, workflow, version, fingerprint, key, status, step, visit, attempt, failures, deaths, seq, epoch, owner, want,
  want_detail, due_us, wait, deadline_us, ending, queue, priority, fair_key, rank, parent, parent_visit, place, root,
  children, schedule, scheduled_us, created_us, started_us, updated_us, ended_us, first_history, head_history, head_hash, keep, policy,
  preserve, packed, seed, reason, error, done, total, saves, stall_us, active_us, tried_us, learned, copies, copied_us,
  result_codec, result, codec, checksum,
  random, counters, state)
SELECT
  id + :run_shift, uuid, workflow, version, fingerprint, key, status, step, visit, attempt, failures, deaths, seq, epoch,
  NULL, NULL, NULL, due_us, wait, deadline_us, ending, queue, priority, fair_key, rank, parent + :run_shift, parent_visit,
  place, root + :run_shift, children, schedule, scheduled_us, created_us, started_us, updated_us, ended_us, first_history + :history_shift,
  head_history + :history_shift, head_hash, keep, policy, preserve, packed, seed, reason, error, done, total, saves, stall_us, active_us, tried_us, learned,
  (SELECT json_group_array(copy.value + :checkpoint_shift) FROM json_each(copies) copy), copied_us, result_codec, result,
  codec, checksum, random, counters, state
FROM   source.wf_runs
WHERE  id IN (SELECT value FROM json_each(:runs)) AND (:open OR ended_us IS NOT NULL);
