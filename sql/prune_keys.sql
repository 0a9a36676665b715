-- Deletes those of the keys given that have outlived their runs for long enough.
DELETE FROM wf_keys
WHERE  (workflow, key) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:keys))
AND    ended_us < :key_before_us AND NOT EXISTS (SELECT 1 FROM wf_runs r WHERE r.uuid = wf_keys.run_uuid);
