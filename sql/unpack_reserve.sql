-- Takes numbers of runs, for good, up to the one given.
UPDATE main.sqlite_sequence SET seq = max(seq, :last) WHERE name = 'wf_runs';
