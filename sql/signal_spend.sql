-- Deletes the signals of earlier visits of a run. Those with a key stay, so that none of them is taken again, and those of
-- visits that may have to be undone.
DELETE FROM wf_signals
WHERE  run = ?1 AND visit < ?2 AND key IS NULL
  AND  visit NOT IN (SELECT visit FROM wf_undos WHERE run = ?1 AND state = 'open');
