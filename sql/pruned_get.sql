-- What is left of a pruned run.
SELECT uuid, run, head_hash, seq, pruned_us, COALESCE(archive, '') AS archive FROM wf_pruned WHERE uuid = :uuid;
