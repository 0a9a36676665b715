-- Which rows of a range of the history belong to the runs given.
SELECT id, run FROM wf_history
WHERE  id > :after AND id <= :last AND run IN (SELECT value FROM json_each(:runs))
ORDER  BY id;
