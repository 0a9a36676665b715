-- The copies that an archive has of the runs given as they were before they went on: by a retry, after they were copied.
SELECT a.id FROM source.wf_runs s CROSS JOIN main.wf_runs a ON a.uuid = s.uuid AND a.seq <> s.seq
WHERE  s.id IN (SELECT value FROM json_each(:runs));
