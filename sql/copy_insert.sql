-- Appends copies of checkpoints. The ids are given, so that the run's row can name them.
INSERT INTO wf_checkpoints (id, run, seq, time_us, version, fingerprint, step, visit, active_us, done, total, metric, size_bytes,
  codec, checksum, random, counters, bad, state) VALUES
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
