-- Gives a run its turn among those of its queue.
UPDATE wf_runs SET rank = ?2 WHERE id = ?1;
