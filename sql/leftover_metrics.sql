-- Deletes some points of the metrics of a run that is gone.
DELETE FROM wf_metrics
WHERE  run = :run AND (name, n) IN (
  SELECT name, n FROM wf_metrics
  WHERE  run = :run AND NOT EXISTS (SELECT 1 FROM wf_runs r WHERE r.id = :run)
  LIMIT  :limit
);
