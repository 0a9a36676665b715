-- Records calls. A visit that is repeated, because the run has fallen back to a checkpoint before it, records them once more.
INSERT INTO wf_calls (run, visit, name, n, time_us, codec, checksum, random, value) VALUES
  (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (run, visit, name, n) DO UPDATE SET
  time_us = excluded.time_us, codec = excluded.codec, checksum = excluded.checksum, random = excluded.random, value = excluded.value;
