-- The key's run has ended: from now on its retention counts; or, with NULL, it goes on again.
UPDATE wf_keys SET ended_us = ?3 WHERE workflow = ?1 AND key = ?2 AND run_uuid = ?4;
