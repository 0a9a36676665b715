-- Copies rows of the history into an archive; their workers must be there.
INSERT INTO main.wf_history (
  id, run, seq, prev, time_us, kind, step, next, visit, attempt, duration_us, worker, error, detail, hash)
SELECT
  h.id + :history_shift, h.run + :run_shift, h.seq, h.prev + :history_shift, h.time_us, h.kind, h.step, h.next, h.visit,
  h.attempt, h.duration_us, a.id, h.error, h.detail, h.hash
FROM   source.wf_history h
LEFT   JOIN source.wf_workers s ON s.id = h.worker
LEFT   JOIN main.wf_workers a ON a.uuid = s.uuid
WHERE  h.id IN (SELECT value FROM json_each(:history));
