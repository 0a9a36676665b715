-- Begins the numbers of runs, if there has been no run yet.
INSERT INTO main.sqlite_sequence (name, seq)
SELECT 'wf_runs', 0 WHERE NOT EXISTS (SELECT 1 FROM main.sqlite_sequence WHERE name = 'wf_runs');
