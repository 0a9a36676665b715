-- How many children a run has spawned last, how many of them have ended, and how many of those did not complete.
SELECT count(*) AS total, count(ended_us) AS ended, count(CASE WHEN status IN ('failed', 'cancelled') THEN 1 END) AS lost,
       COALESCE(min(CASE WHEN ended_us IS NULL THEN id END), 0) AS first_open
FROM   wf_runs
WHERE  parent = :parent AND parent_visit = (SELECT max(parent_visit) FROM wf_runs WHERE parent = :parent);
