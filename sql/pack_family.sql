-- A run and all its descendants, the eldest first, with what goes with them.
SELECT id, uuid, seq, COALESCE(first_history, 0) AS first_history, COALESCE(head_history, 0) AS head_history, 0 AS ended_us, copies,
       (SELECT count(*) FROM wf_metrics m WHERE m.run = r.id) AS metrics
FROM   wf_runs r
WHERE  id IN (SELECT :root UNION ALL SELECT id FROM wf_runs WHERE root = :root)
ORDER  BY id;
