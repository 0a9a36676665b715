-- Deletes some of the keys that have outlived their runs for long enough.
DELETE FROM wf_keys
WHERE  (workflow, key) IN (
  SELECT workflow, key FROM wf_keys k
  WHERE  ended_us < :key_before_us AND NOT EXISTS (SELECT 1 FROM wf_runs r WHERE r.uuid = k.run_uuid)
  LIMIT  :limit
);
