-- A worker process begins.
INSERT INTO wf_workers (uuid, host, pid, program, version, started_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id;
