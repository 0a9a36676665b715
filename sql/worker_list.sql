-- The processes that own or have owned runs, oldest first.
SELECT id, uuid, host, pid, program, version, started_us, COALESCE(stopped_us, 0) AS stopped_us, died
FROM   wf_workers
ORDER  BY id;
