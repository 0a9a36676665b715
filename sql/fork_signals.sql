-- Gives a new run the signal that has led to the visit from which it goes on.
INSERT INTO wf_signals (run, name, key, visit, time_us, sender, codec, checksum, value)
SELECT ?1, name, key, visit, time_us, sender, codec, checksum, value FROM wf_signals WHERE run = ?2 AND visit = ?3;
