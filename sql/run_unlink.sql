-- Says of a run that its history has been deleted; the head's hash and the count stay as evidence.
UPDATE wf_runs SET first_history = NULL, head_history = NULL WHERE id = ?1;
