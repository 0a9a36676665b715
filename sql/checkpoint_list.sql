-- The older checkpoints that a run keeps to fall back on, oldest first.
SELECT id, run, seq, time_us, version, fingerprint, step, visit, COALESCE(bad, '') AS bad,
       active_us, COALESCE(done, -1) AS done, COALESCE(total, -1) AS total, metric, size_bytes,
       codec AS "checkpoint.state.codec", checksum AS "checkpoint.checksum", random AS "checkpoint.random",
       COALESCE(counters, '') AS "checkpoint.counters", state AS "checkpoint.state.data"
FROM   wf_checkpoints
WHERE  id IN (SELECT copy.value FROM wf_runs r, json_each(r.copies) copy WHERE r.id = :run)
ORDER  BY id;
