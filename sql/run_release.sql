-- Takes the runs of a worker that is gone away from it. The next claim writes the history.
UPDATE wf_runs SET
  status = IIF(status = 'running', 'pending', status), owner = NULL, epoch = epoch + 1, deaths = deaths + ?2, updated_us = ?3
WHERE  owner = ?1 AND status IN ('running', 'compensating')
RETURNING id;
