-- Records calls.
INSERT INTO wf_calls (run, visit, name, n, time_us, codec, checksum, random, value) VALUES
  (?, ?, ?, ?, ?, ?, ?, ?, ?);
