-- What a key stands for.
SELECT run_uuid, input_hash FROM wf_keys WHERE workflow = ?1 AND key = ?2;
