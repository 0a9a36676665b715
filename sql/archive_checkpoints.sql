-- Copies older checkpoints into an archive.
INSERT INTO main.wf_checkpoints (
  id, run, seq, time_us, version, fingerprint, step, visit, active_us, done, total, metric,
  size_bytes, codec, checksum, random, counters, bad, state)
SELECT
  id + :checkpoint_shift, run + :run_shift, seq, time_us, version, fingerprint, step, visit, active_us, done, total, metric,
  size_bytes, codec, checksum, random,
  counters, bad, state
FROM   source.wf_checkpoints
WHERE  id IN (SELECT value FROM json_each(:checkpoints));
