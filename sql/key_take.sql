-- Gives the key of a run that has ended to a new run.
UPDATE wf_keys SET run_uuid = ?3, input_hash = ?4, created_us = ?5, ended_us = NULL WHERE workflow = ?1 AND key = ?2;
