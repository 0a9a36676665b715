-- A page of the history with each row's previous row, to recompute the hashes; of one run unless :run is 0.
-- What is about to be deleted is left out.
SELECT h.id, h.run, h.seq, COALESCE(h.prev, 0) AS prev, h.time_us, h.kind, COALESCE(h.step, '') AS step,
       COALESCE(h.next, '') AS next, COALESCE(h.visit, 0) AS visit, COALESCE(h.attempt, 0) AS attempt,
       COALESCE(h.duration_us, -1) AS duration_us, COALESCE(h.worker, 0) AS worker, COALESCE(h.error, '') AS error,
       COALESCE(h.detail, '') AS detail, h.hash, COALESCE(r.uuid, '') AS run_uuid, COALESCE(r.workflow, '') AS workflow,
       COALESCE(r.status, '') AS run_status, COALESCE(w.uuid, '') AS worker_uuid, COALESCE(w.host, '') AS host,
       COALESCE(w.pid, 0) AS pid, COALESCE(w.program, '') AS program, COALESCE(w.version, '') AS version,
       COALESCE(p.seq, 0) AS prev_seq, COALESCE(p.run, 0) AS prev_run, p.hash AS prev_hash
FROM   wf_history h
LEFT   JOIN wf_runs r ON r.id = h.run
LEFT   JOIN wf_workers w ON w.id = h.worker
LEFT   JOIN wf_history p ON p.id = h.prev
WHERE  h.id > :after AND h.id <= :last AND (:run = 0 OR h.run = :run)
AND    NOT EXISTS (SELECT 1 FROM wf_leftovers l WHERE l.run = h.run)
ORDER  BY h.id
LIMIT  :limit;
