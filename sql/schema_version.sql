-- The newest migration applied; goose deletes the row of one that is undone.
SELECT COALESCE(max(version_id), 0) FROM wf_goose_version WHERE is_applied = 1;
