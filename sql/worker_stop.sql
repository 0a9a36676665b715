-- A worker process has ended.
UPDATE wf_workers SET stopped_us = ?2, died = ?3 WHERE id = ?1 AND stopped_us IS NULL;
