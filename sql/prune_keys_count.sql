-- How many keys prune_keys.sql would delete.
SELECT count(*) FROM wf_keys k
WHERE  ended_us < :key_before_us AND NOT EXISTS (SELECT 1 FROM wf_runs r WHERE r.uuid = k.run_uuid);
