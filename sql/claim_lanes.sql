-- What there is to claim: 'free' runs, which no limit of a queue holds up, 'due' ones, and each queue with pending runs,
-- by name. head is the highest priority that is pending in it; begun says whether runs that have begun before are
-- pending, and is looked for in queues with a rate alone. The names of the queues are found by skipping from one to the next.
WITH RECURSIVE lane (queue) AS (
  SELECT min(queue) FROM wf_runs INDEXED BY wf_runs_pending WHERE status = 'pending'
  UNION ALL
  SELECT (SELECT min(queue) FROM wf_runs INDEXED BY wf_runs_pending WHERE status = 'pending' AND queue > lane.queue)
  FROM   lane WHERE queue IS NOT NULL
),
first (queue, head) AS MATERIALIZED (
  SELECT queue,
         (SELECT priority FROM wf_runs INDEXED BY wf_runs_pending
          WHERE  status = 'pending' AND queue = lane.queue
                 AND (:workflows IS NULL OR workflow IN (SELECT value FROM json_each(:workflows)))
          ORDER  BY priority DESC, rank, id LIMIT 1)
  FROM   lane WHERE queue IS NOT NULL
)
SELECT 'free' AS kind, '' AS queue, 0 AS head, 0 AS begun
WHERE  EXISTS (
  SELECT 1 FROM wf_runs INDEXED BY wf_runs_undoing
  WHERE  status = 'compensating' AND owner IS NULL AND (due_us IS NULL OR due_us <= :now_us)
         AND (:workflows IS NULL OR workflow IN (SELECT value FROM json_each(:workflows)))
) OR EXISTS (
  SELECT 1 FROM wf_runs INDEXED BY wf_runs_deadline
  WHERE  deadline_us IS NOT NULL AND ended_us IS NULL AND deadline_us <= :now_us AND status IN ('pending', 'waiting', 'suspended')
         AND (:workflows IS NULL OR workflow IN (SELECT value FROM json_each(:workflows)))
)
UNION ALL
SELECT 'due', '', 0, 0
WHERE  EXISTS (
  SELECT 1 FROM wf_runs INDEXED BY wf_runs_due
  WHERE  due_us IS NOT NULL AND due_us <= :now_us AND status = 'waiting'
         AND (:workflows IS NULL OR workflow IN (SELECT value FROM json_each(:workflows)))
)
UNION ALL
SELECT 'queue', first.queue, first.head, q.rate IS NOT NULL AND EXISTS (
  WITH RECURSIVE level (priority) AS (
    SELECT first.head
    UNION ALL
    SELECT (SELECT max(priority) FROM wf_runs INDEXED BY wf_runs_pending
            WHERE  status = 'pending' AND queue = first.queue AND priority < level.priority)
    FROM   level WHERE priority IS NOT NULL
  )
  SELECT 1 FROM level CROSS JOIN wf_runs AS r INDEXED BY wf_runs_pending
  ON     r.status = 'pending' AND r.queue = first.queue AND r.priority = level.priority AND r.rank < 0
         AND (:workflows IS NULL OR r.workflow IN (SELECT value FROM json_each(:workflows)))
)
FROM   first LEFT JOIN wf_queues AS q ON q.name = first.queue
WHERE  first.head IS NOT NULL;
