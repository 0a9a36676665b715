-- How long the workers of a host (of all hosts: '') have been seen at work, and how many of them died.
SELECT COALESCE(sum(max(COALESCE(stopped_us, :now_us) - started_us, 0)), 0) AS observed_us, COALESCE(sum(died), 0) AS failures
FROM   wf_workers
WHERE  :host = '' OR host = :host;
