-- The runs of which something is wanted that nobody owns, and that wait: their owner did not live to do it.
SELECT id FROM wf_runs INDEXED BY wf_runs_want
WHERE  want IS NOT NULL AND owner IS NULL AND status = 'waiting'
ORDER  BY id;
