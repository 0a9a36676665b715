-- The id of a run if there is such a run.
SELECT id FROM wf_runs WHERE id = :id;
