-- Forgets the leftovers of the runs given, of which nothing is left.
DELETE FROM wf_leftovers WHERE run IN (SELECT value FROM json_each(:ids));
