-- Deletes that a visit has to be undone: nothing of it has begun.
DELETE FROM wf_undos WHERE run = ?1 AND visit = ?2 AND state = 'open';
