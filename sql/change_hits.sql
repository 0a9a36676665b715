-- Which changes have been made, given runs and the new heads of their histories, and what others want of those runs.
SELECT wf_runs.id, COALESCE(want, '')
FROM   wf_batch CROSS JOIN wf_runs ON wf_runs.id = c1
WHERE  wf_runs.head_history = c2;
