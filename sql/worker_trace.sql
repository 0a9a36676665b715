-- Notes where what a worker computes comes from.
UPDATE wf_workers SET provenance = ?2 WHERE id = ?1;
