-- Keys of runs that have neither ended nor are there, or that do not agree with their run.
SELECT COALESCE(r.id, 0) AS run, 0 AS row,
       'key ' || k.key || ' of workflow ' || k.workflow || CASE WHEN r.id IS NULL THEN ' names a run that is gone and never ended'
         ELSE ' and its run do not agree' END AS text
FROM   wf_keys k LEFT JOIN wf_runs r ON r.uuid = k.run_uuid
WHERE  CASE WHEN r.id IS NULL THEN k.ended_us IS NULL
       ELSE (r.workflow, r.key, r.ended_us IS NULL) IS NOT (k.workflow, k.key, k.ended_us IS NULL) END
LIMIT  :limit;
