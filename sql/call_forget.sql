-- Deletes a run's recorded calls: a checkpoint covers them, or the run has ended.
DELETE FROM wf_calls WHERE run = ?1;
