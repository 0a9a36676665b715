-- Takes over the workers that a pack's history names. None of them works here: they count as stopped now, so that they stay
-- as long as what they did.
INSERT INTO main.wf_workers (uuid, host, pid, program, version, started_us, stopped_us, died, provenance)
SELECT uuid, host, pid, program, version, started_us, :now_us, died, provenance
FROM   source.wf_workers
WHERE  id IN (SELECT h.worker FROM source.wf_history h WHERE h.id IN (SELECT value FROM json_each(:history)))
ON     CONFLICT (uuid) DO UPDATE SET stopped_us = excluded.stopped_us WHERE wf_workers.stopped_us IS NOT NULL;
