-- Puts a signal into a run's mailbox, unless one with its key is there already.
INSERT INTO wf_signals (run, name, key, visit, time_us, sender, codec, checksum, value) VALUES (?1, ?2, ?3, NULL, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (run, name, key) WHERE key IS NOT NULL DO NOTHING;
