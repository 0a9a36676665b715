-- Where a run's history lies: its first and newest row and how many rows there are.
SELECT COALESCE(first_history, 0) AS first, COALESCE(head_history, 0) AS head, seq AS rows FROM wf_runs WHERE id = :run;
