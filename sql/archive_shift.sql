-- What to add to the ids of runs, history and checkpoints so that they clash with none in the archive.
SELECT CASE WHEN EXISTS (SELECT 1 FROM main.wf_runs a WHERE a.id IN (SELECT value FROM json_each(:runs)))
         THEN (SELECT max(id) FROM main.wf_runs) ELSE 0 END AS run,
       CASE WHEN EXISTS (SELECT 1 FROM main.wf_history a WHERE a.id IN (SELECT value FROM json_each(:history)))
         THEN (SELECT max(id) FROM main.wf_history) ELSE 0 END AS history,
       CASE WHEN EXISTS (SELECT 1 FROM main.wf_checkpoints a WHERE a.id IN (SELECT value FROM json_each(:checkpoints)))
         THEN (SELECT max(id) FROM main.wf_checkpoints) ELSE 0 END AS checkpoint;
