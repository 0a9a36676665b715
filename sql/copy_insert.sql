-- Appends copies of checkpoints. The ids are given, so that the run's row can name them.
INSERT INTO wf_checkpoints (id, run, seq, time_us, version, fingerprint, step, visit, active_us, done, total, metric, size_bytes,
  codec, checksum, random, counters, bad, state)
SELECT c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19 FROM wf_batch;
