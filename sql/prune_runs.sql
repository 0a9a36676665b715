-- A page of the runs that a retention lets go, newest first, without their payloads. A family goes with its root, once
-- all of it has ended: to the month in which the root did, and the root last.
SELECT id, uuid, seq, COALESCE(first_history, 0) AS first_history, COALESCE(head_history, 0) AS head_history, COALESCE((SELECT t.ended_us FROM wf_runs t WHERE t.id = r.root), ended_us) AS ended_us, copies,
       (SELECT count(*) FROM wf_metrics m WHERE m.run = r.id) AS metrics, root IS NOT NULL OR children > 0 AS kin,
       EXISTS (SELECT 1 FROM wf_calls c WHERE c.run = r.id) OR EXISTS (SELECT 1 FROM wf_signals s WHERE s.run = r.id)
       OR EXISTS (SELECT 1 FROM wf_attributes a WHERE a.run = r.id) OR EXISTS (SELECT 1 FROM wf_undos u WHERE u.run = r.id)
       OR EXISTS (SELECT 1 FROM wf_hooks h WHERE h.run = r.id) AS more
FROM   wf_runs r
WHERE  id < :before AND r.ended_us IS NOT NULL
AND    (root IS NULL OR EXISTS (
          SELECT 1 FROM wf_runs t
          WHERE  t.id = r.root AND t.ended_us < :ended_before_us
          AND    (:workflows IS NULL OR t.workflow IN (SELECT value FROM json_each(:workflows)))
          AND    (:statuses IS NULL OR t.status IN (SELECT value FROM json_each(:statuses)))
          AND    NOT EXISTS (SELECT 1 FROM wf_runs o WHERE o.root = t.id AND o.ended_us IS NULL)))
AND    (root IS NOT NULL
        OR r.ended_us < :ended_before_us
        AND (:workflows IS NULL OR workflow IN (SELECT value FROM json_each(:workflows)))
        AND (:statuses IS NULL OR status IN (SELECT value FROM json_each(:statuses)))
        AND NOT EXISTS (SELECT 1 FROM wf_runs o WHERE o.root = r.id AND o.ended_us IS NULL))
ORDER  BY id DESC
LIMIT  :limit;
