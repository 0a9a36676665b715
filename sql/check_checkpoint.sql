-- Older checkpoints that no run names.
SELECT c.run AS run, c.id AS row, CASE WHEN r.id IS NULL THEN 'older checkpoint of a run that is gone' ELSE 'older checkpoint that its run does not name' END AS text
FROM   wf_checkpoints c LEFT JOIN wf_runs r ON r.id = c.run
WHERE  r.id IS NULL OR c.id NOT IN (SELECT value FROM json_each(r.copies))
LIMIT  :limit;
