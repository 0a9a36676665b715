-- Copies the workers that rows of the history name into an archive, under new ids.
INSERT INTO main.wf_workers (uuid, host, pid, program, version, started_us, stopped_us, died, provenance)
SELECT uuid, host, pid, program, version, started_us, stopped_us, died, provenance
FROM   source.wf_workers
WHERE  id IN (SELECT h.worker FROM source.wf_history h WHERE h.id IN (SELECT value FROM json_each(:history)))
ON     CONFLICT (uuid) DO NOTHING;
