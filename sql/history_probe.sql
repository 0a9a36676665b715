-- The first row at or after an id, and its time: a step of the binary search for a time.
SELECT id, time_us FROM wf_history WHERE id >= :id ORDER BY id LIMIT 1;
