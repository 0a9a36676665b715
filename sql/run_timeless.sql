-- Removes the deadline of a run.
UPDATE wf_runs SET deadline_us = NULL WHERE id = ?1;
