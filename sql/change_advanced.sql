-- Which changes have been made, given runs and new heads of their histories.
SELECT wf_runs.id, '' AS want
FROM   wf_batch CROSS JOIN wf_runs ON wf_runs.id = c1
WHERE  wf_runs.head_history = c2;
