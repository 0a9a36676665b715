-- A page of the history from a range of rows, oldest first; of one run unless :run is 0.
SELECT h.id, h.run, h.seq, COALESCE(h.prev, 0) AS prev, h.time_us, h.kind, COALESCE(h.step, '') AS step,
       COALESCE(h.next, '') AS next, COALESCE(h.visit, 0) AS visit, COALESCE(h.attempt, 0) AS attempt,
       COALESCE(h.duration_us, -1) AS duration_us, COALESCE(h.worker, 0) AS worker, COALESCE(h.error, '') AS error,
       COALESCE(h.detail, '') AS detail, h.hash, COALESCE(r.uuid, '') AS run_uuid, COALESCE(r.workflow, '') AS workflow,
       COALESCE(r.status, '') AS run_status, COALESCE(w.uuid, '') AS worker_uuid, COALESCE(w.host, '') AS host,
       COALESCE(w.pid, 0) AS pid, COALESCE(w.program, '') AS program, COALESCE(w.version, '') AS version
FROM   wf_history h
LEFT   JOIN wf_runs r ON r.id = h.run
LEFT   JOIN wf_workers w ON w.id = h.worker
WHERE  h.id > :after AND h.id <= :last AND (:run = 0 OR h.run = :run)
AND    (:workflows IS NULL OR r.workflow IN (SELECT value FROM json_each(:workflows)))
AND    (:statuses IS NULL OR r.status IN (SELECT value FROM json_each(:statuses)))
AND    (:kinds IS NULL OR h.kind IN (SELECT value FROM json_each(:kinds)))
AND    (:step = '' OR h.step = :step)
AND    (NOT :failures_only OR h.error IS NOT NULL)
AND    h.time_us >= :since_us AND (:until_us = 0 OR h.time_us < :until_us)
ORDER  BY h.id
LIMIT  :limit;
