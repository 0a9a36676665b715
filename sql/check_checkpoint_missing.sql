-- Older checkpoints that a run names but that are not there, or are another run's.
SELECT r.id AS run, copy.value AS row, CASE WHEN c.id IS NULL THEN 'older checkpoint is missing' ELSE 'older checkpoint belongs to run ' || c.run END AS text
FROM   wf_runs r, json_each(r.copies) copy LEFT JOIN wf_checkpoints c ON c.id = copy.value
WHERE  c.id IS NULL OR c.run <> r.id
LIMIT  :limit;
