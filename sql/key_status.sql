-- The status of the run that a key stands for. No row if it was deleted.
SELECT status FROM wf_runs WHERE uuid = ?1;
