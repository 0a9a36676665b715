-- Appends copies of checkpoints. The ids are given, so that the run's row can name them.
INSERT INTO wf_checkpoints (id, run, seq, time_us, version, fingerprint, step, visit, codec, checksum, random, counters, state) VALUES
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
