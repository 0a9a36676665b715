-- Deletes what would have to be undone of a run: it has completed.
DELETE FROM wf_undos WHERE run = ?1;
