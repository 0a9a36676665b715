-- A page of the visits of a run that can be undone, newest first; with :open of those still to be undone alone.
SELECT visit, step, state, attempts, failures, COALESCE(error, '') AS error, COALESCE(reason, '') AS reason
FROM   wf_undos
WHERE  run = :run AND visit < :before AND (NOT :open OR state = 'open')
ORDER  BY visit DESC
LIMIT  :limit;
