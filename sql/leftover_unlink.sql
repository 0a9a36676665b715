-- Notes that the history of a run which keeps none is to be deleted, from the row named back to the first.
INSERT INTO wf_leftovers (run, first, head)
SELECT id, first_history, ?2 FROM wf_runs WHERE id = ?1;
