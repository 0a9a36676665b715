-- Gives a signal to the step visit that it wakes.
UPDATE wf_signals SET visit = ?2 WHERE id = ?1 AND visit IS NULL;
