-- What others want of the runs that a worker owns.
SELECT id AS run, want, COALESCE(want_detail, '') AS detail FROM wf_runs WHERE want IS NOT NULL AND owner = :worker;
