-- How long the workers of a host (of all hosts: '') have been seen at work, and how many of them died. Of the newest 1,000
-- workers: it is asked by each process that begins.
SELECT COALESCE(sum(max(COALESCE(stopped_us, :now_us) - started_us, 0)), 0) AS observed_us, COALESCE(sum(died), 0) AS failures
FROM   (SELECT host, started_us, stopped_us, died FROM wf_workers ORDER BY id DESC LIMIT 1000)
WHERE  :host = '' OR host = :host;
