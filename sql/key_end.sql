-- The key's run has ended: from now on its retention counts.
UPDATE wf_keys SET ended_us = ?3 WHERE workflow = ?1 AND key = ?2;
