-- Takes an idempotency key, unless it is taken.
INSERT INTO wf_keys (workflow, key, run_uuid, input_hash, created_us) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (workflow, key) DO NOTHING;
