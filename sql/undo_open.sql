-- The newest visits of a run that are still to be undone, some of them. Its present visit counts once an attempt of it has begun.
SELECT visit FROM wf_undos
WHERE  run = ?1 AND state = 'open' AND (visit <> ?2 OR ?3 > 0)
ORDER  BY visit DESC
LIMIT  101;
