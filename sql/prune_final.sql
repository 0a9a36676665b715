-- Which of the runs given, each with its number of events, are still as they were found: ended, and not gone on with since.
SELECT r.id
FROM   json_each(:runs) found CROSS JOIN wf_runs r ON r.id = json_extract(found.value, '$[0]')
WHERE  r.ended_us IS NOT NULL AND r.seq = json_extract(found.value, '$[1]');
