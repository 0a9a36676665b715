-- Takes over the keys of a pack's runs; of one that comes home, whether it has ended.
INSERT INTO main.wf_keys (workflow, key, run_uuid, input_hash, created_us, ended_us)
SELECT k.workflow, k.key, k.run_uuid, k.input_hash, k.created_us, k.ended_us
FROM   source.wf_runs r CROSS JOIN source.wf_keys k ON k.workflow = r.workflow AND k.key = r.key AND k.run_uuid = r.uuid
WHERE  r.id IN (SELECT value FROM json_each(:runs))
ON     CONFLICT (workflow, key) DO UPDATE SET ended_us = excluded.ended_us;
