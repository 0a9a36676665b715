-- A page of the keys that have outlived their runs for long enough, in the order of the table.
SELECT workflow, key FROM wf_keys k
WHERE  (workflow, key) > (:workflow, :key)
AND    ended_us < :key_before_us AND NOT EXISTS (SELECT 1 FROM wf_runs r WHERE r.uuid = k.run_uuid)
ORDER  BY workflow, key
LIMIT  :limit;
