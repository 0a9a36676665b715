-- Leaves of each run given what proves that it was here; run it before the runs are deleted.
INSERT INTO wf_pruned (uuid, run, head_hash, seq, pruned_us, archive)
SELECT uuid, id, head_hash, seq, :now_us, :archive
FROM   wf_runs
WHERE  id IN (SELECT value FROM json_each(:runs)) AND ended_us IS NOT NULL
ON     CONFLICT (uuid) DO NOTHING;
