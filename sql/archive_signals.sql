-- Copies the signals of runs into an archive.
INSERT INTO main.wf_signals (run, name, key, visit, time_us, sender, codec, checksum, value)
SELECT run + :run_shift, name, key, visit, time_us, sender, codec, checksum, value
FROM   source.wf_signals
WHERE  run IN (SELECT value FROM json_each(:runs))
ORDER  BY id;
