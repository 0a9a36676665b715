-- Copies the keys of runs into an archive; of two runs that had the same key one after the other, the later has it.
INSERT INTO main.wf_keys (workflow, key, run_uuid, input_hash, created_us, ended_us)
SELECT k.workflow, k.key, k.run_uuid, k.input_hash, k.created_us, k.ended_us
FROM   source.wf_runs r CROSS JOIN source.wf_keys k ON k.workflow = r.workflow AND k.key = r.key AND k.run_uuid = r.uuid
WHERE  r.id IN (SELECT value FROM json_each(:runs))
ON     CONFLICT (workflow, key) DO UPDATE
SET    run_uuid = excluded.run_uuid, input_hash = excluded.input_hash, created_us = excluded.created_us, ended_us = excluded.ended_us
WHERE  excluded.created_us > wf_keys.created_us;
