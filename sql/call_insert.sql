-- Records calls. A visit that is repeated, because the run has fallen back to a checkpoint before it, records them once more.
INSERT INTO wf_calls (run, visit, name, n, time_us, codec, checksum, random, value)
SELECT c1, c2, c3, c4, c5, c6, c7, c8, c9 FROM wf_batch WHERE true
ON CONFLICT (run, visit, name, n) DO UPDATE SET
  time_us = excluded.time_us, codec = excluded.codec, checksum = excluded.checksum, random = excluded.random, value = excluded.value;
