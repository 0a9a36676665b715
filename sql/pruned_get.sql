-- What is left of a pruned run by its number, its key or the beginning of its UUID; of several the newest. It looks at what is left of all runs: only who asks for a run that is gone waits for that.
SELECT uuid, run, head_hash, seq, pruned_us, COALESCE(archive, '') AS archive
FROM   wf_pruned
WHERE  run = :number OR uuid IN (SELECT run_uuid FROM wf_keys WHERE key = :ref)
OR     length(:ref) >= 8 AND substr(uuid, 1, length(:ref)) = lower(:ref)
ORDER  BY run = :number DESC, pruned_us DESC, run DESC
LIMIT  1;
