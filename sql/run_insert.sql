-- New runs.
INSERT INTO wf_runs (id, uuid, workflow, version, fingerprint, key, status, step, visit, attempt, failures, deaths, seq, epoch, owner,
  due_us, wait, deadline_us, queue, priority, fair_key, rank, parent, parent_visit, place, root, children, schedule,
  scheduled_us, created_us, started_us, updated_us, first_history, head_history, head_hash, keep, policy, preserve, seed, copied_us,
  codec, checksum, random, counters, state) VALUES
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
