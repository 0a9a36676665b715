-- Forgets the hooks of the runs given.
DELETE FROM wf_hooks WHERE run IN (SELECT value FROM json_each(:runs));
