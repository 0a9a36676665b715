-- Notes of all that is still to be undone of a run that a person has taken it over.
UPDATE wf_undos SET state = 'skipped', reason = ?2 WHERE run = ?1 AND state = 'open';
