-- Whether any run waits for nothing but a worker: one that is pending in a queue that is not full, or whose time or
-- deadline has come, or whose steps are to be undone; and the earliest due time or deadline of any run. The names of the
-- queues are found by skipping from one to the next.
WITH RECURSIVE lane (queue) AS (
  SELECT min(queue) FROM wf_runs INDEXED BY wf_runs_pending WHERE status = 'pending'
  UNION ALL
  SELECT (SELECT min(queue) FROM wf_runs INDEXED BY wf_runs_pending WHERE status = 'pending' AND queue > lane.queue)
  FROM   lane WHERE queue IS NOT NULL
)
SELECT EXISTS (SELECT 1 FROM lane WHERE queue IS NOT NULL AND queue NOT IN (SELECT value FROM json_each(:full)))
    OR EXISTS (SELECT 1 FROM wf_runs INDEXED BY wf_runs_due WHERE due_us IS NOT NULL AND due_us <= :now_us
               AND status = 'waiting')
    OR EXISTS (SELECT 1 FROM wf_runs INDEXED BY wf_runs_deadline
               WHERE  deadline_us IS NOT NULL AND ended_us IS NULL AND deadline_us <= :now_us
                 AND  status IN ('pending', 'waiting', 'suspended'))
    OR EXISTS (SELECT 1 FROM wf_runs INDEXED BY wf_runs_undoing WHERE status = 'compensating' AND owner IS NULL),
       MIN(
         COALESCE((SELECT due_us FROM wf_runs INDEXED BY wf_runs_due WHERE due_us IS NOT NULL
                   ORDER BY due_us LIMIT 1), 9223372036854775807),
         COALESCE((SELECT deadline_us FROM wf_runs INDEXED BY wf_runs_deadline WHERE deadline_us IS NOT NULL AND ended_us IS NULL
                   ORDER BY deadline_us LIMIT 1), 9223372036854775807));
