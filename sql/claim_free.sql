-- Runs that go on whatever their queues say: those whose steps are undone, and those whose deadline has passed; of the
-- descendants of :root alone unless that is 0.
SELECT id, 1 AS begun FROM (
  SELECT id FROM wf_runs INDEXED BY wf_runs_undoing
  WHERE  status = 'compensating' AND owner IS NULL AND (due_us IS NULL OR due_us <= :now_us) AND (:root = 0 OR root = :root)
    AND  (:workflows IS NULL OR workflow IN (SELECT value FROM json_each(:workflows)))
  LIMIT  :limit
)
UNION ALL
SELECT id, 1 FROM (
  SELECT id FROM wf_runs INDEXED BY wf_runs_deadline
  WHERE  deadline_us IS NOT NULL AND ended_us IS NULL AND deadline_us <= :now_us AND status IN ('pending', 'waiting', 'suspended')
    AND  (:root = 0 OR root = :root)
    AND  (:workflows IS NULL OR workflow IN (SELECT value FROM json_each(:workflows)))
  LIMIT  :limit
)
LIMIT  :limit;
