-- The next pending runs of a queue, in their order.
SELECT id, started_us IS NOT NULL AS begun
FROM   wf_runs INDEXED BY wf_runs_pending
WHERE  status = 'pending' AND queue = :queue
  AND  (:workflows IS NULL OR workflow IN (SELECT value FROM json_each(:workflows)))
ORDER  BY priority DESC, rank, id
LIMIT  :limit;
