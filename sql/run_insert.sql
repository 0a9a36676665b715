-- New runs.
INSERT INTO wf_runs (id, uuid, workflow, version, fingerprint, key, status, step, visit, attempt, failures, deaths, seq, epoch, owner,
  due_us, wait, deadline_us, queue, priority, fair_key, rank, parent, parent_visit, place, root, children, schedule,
  scheduled_us, created_us, started_us, updated_us, first_history, head_history, head_hash, keep, policy, preserve, seed, copied_us,
  codec, checksum, random, counters, state)
SELECT c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, 0, 0, 1, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22,
       c23, 0, c24, c25, c26, c27, c28, c29, c30, c31, c32, c33, c34, c35, c36, c37, c38, c39, c40, c41
FROM   wf_batch;
