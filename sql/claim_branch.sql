-- The next runs among the descendants of a run that are pending, or were suspended with it: but for those of queues that
-- are full, and those of queues without a token unless they have begun before.
SELECT id, started_us IS NOT NULL AS begun
FROM   wf_runs INDEXED BY wf_runs_branch
WHERE  root = :root AND status IN ('pending', 'suspended') AND root IS NOT NULL
  AND  queue NOT IN (SELECT value FROM json_each(:full))
  AND  (started_us IS NOT NULL OR queue NOT IN (SELECT value FROM json_each(:empty)))
  AND  (:workflows IS NULL OR workflow IN (SELECT value FROM json_each(:workflows)))
ORDER  BY priority DESC, rank, id
LIMIT  :limit;
