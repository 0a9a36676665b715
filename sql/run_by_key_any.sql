-- The runs that a key stands for in any workflow: one look-up per workflow, since the table is ordered by workflow.
WITH RECURSIVE workflows (name) AS (
  SELECT min(workflow) FROM wf_keys
  UNION ALL
  SELECT (SELECT min(workflow) FROM wf_keys WHERE workflow > name) FROM workflows WHERE name IS NOT NULL
)
SELECT r.id
FROM   workflows CROSS JOIN wf_keys k ON k.workflow = name AND k.key = :key
JOIN   wf_runs r ON r.uuid = k.run_uuid
ORDER  BY r.id;
