-- What is still to be deleted, and of which runs there are metrics, too.
SELECT run, first, head, EXISTS (SELECT 1 FROM wf_metrics m WHERE m.run = l.run) AS measured FROM wf_leftovers l ORDER BY run LIMIT 1000;
