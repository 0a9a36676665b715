-- The run that an idempotency key of a workflow stands for. No row if the key is free or its run was deleted.
SELECT r.id
FROM   wf_keys k JOIN wf_runs r ON r.uuid = k.run_uuid
WHERE  k.workflow = :workflow AND k.key = :key;
