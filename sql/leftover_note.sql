-- Notes what is to be deleted of the runs given, which go in this transaction, though their rows are too many for it. Of one
-- that kept no history a rest may be noted already; its metrics go with that.
INSERT INTO wf_leftovers (run, first, head)
SELECT id, COALESCE(first_history, 1), COALESCE(head_history, 0)
FROM   wf_runs
WHERE  id IN (SELECT value FROM json_each(:runs))
ON     CONFLICT (run) DO NOTHING;
