-- How many runs there are of each status.
SELECT status, count(*) AS n FROM wf_runs GROUP BY status;
