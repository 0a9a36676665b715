-- The first run at or after a number, and when it was created: a step of the binary search for a time.
SELECT id, created_us AS time_us FROM wf_runs WHERE id >= :id ORDER BY id LIMIT 1;
