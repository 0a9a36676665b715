-- How many visits of a run are still to be undone, and how many there were.
SELECT count(*) FILTER (WHERE state = 'open') AS open, count(*) AS total FROM wf_undos WHERE run = :run;
