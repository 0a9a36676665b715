-- Which of the runs given an archive has already: a copy that was not deleted from the source any more.
SELECT s.id FROM source.wf_runs s
WHERE  s.id IN (SELECT value FROM json_each(:runs))
AND    EXISTS (SELECT 1 FROM main.wf_runs a WHERE a.uuid = s.uuid AND a.seq = s.seq);
