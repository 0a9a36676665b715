-- Notes what is to be deleted of the runs given, which go in this transaction, though their rows are too many for it.
INSERT INTO wf_leftovers (run, first, head)
SELECT id, COALESCE(first_history, 1), COALESCE(head_history, 0)
FROM   wf_runs
WHERE  id IN (SELECT value FROM json_each(:runs));
