-- Deletes the recorded calls of the runs given; one that has ended has none, unless it ended badly.
DELETE FROM wf_calls WHERE run IN (SELECT value FROM json_each(:runs));
