-- The numbers of a page of runs, newest first, from the newest on until there are enough.
SELECT id
FROM   wf_runs
WHERE  id > :after AND id < :before
AND    (:workflows IS NULL OR workflow IN (SELECT value FROM json_each(:workflows)))
AND    (:statuses IS NULL OR status IN (SELECT value FROM json_each(:statuses)))
AND    (:since_us = 0 OR created_us >= :since_us) AND (:until_us = 0 OR created_us < :until_us)
AND    (:owner = 0 OR owner = :owner)
AND    (:key = '' OR key = :key)
AND    TRUE -- a search has its condition here
ORDER  BY id DESC
LIMIT  :limit;
