-- Runs whose owner is gone, and runs that have an owner although they ended, or run without one.
SELECT r.id AS run, COALESCE(r.owner, 0) AS row,
       CASE WHEN r.owner IS NULL THEN 'is running without an owner'
            WHEN w.id IS NULL THEN 'is owned by worker ' || r.owner || ', which is gone'
            ELSE 'has ended and is owned by worker ' || r.owner END AS text
FROM   wf_runs r LEFT JOIN wf_workers w ON w.id = r.owner
WHERE  CASE WHEN r.owner IS NULL THEN r.status = 'running'
       ELSE w.id IS NULL OR r.status IN ('completed', 'failed', 'cancelled') END
LIMIT  :limit;
