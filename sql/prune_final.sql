-- Which of the runs given, each with its number of events, are still as they were found: ended, and not gone on with since,
-- nor any of their family.
SELECT r.id
FROM   json_each(:runs) found CROSS JOIN wf_runs r ON r.id = json_extract(found.value, '$[0]')
WHERE  r.ended_us IS NOT NULL AND r.seq = json_extract(found.value, '$[1]')
AND    NOT EXISTS (SELECT 1 FROM wf_runs o WHERE o.root = COALESCE(r.root, r.id) AND o.ended_us IS NULL)
AND    (r.root IS NULL OR NOT EXISTS (SELECT 1 FROM wf_runs t WHERE t.id = r.root AND t.ended_us IS NULL));
