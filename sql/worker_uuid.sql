-- The identity of a worker across files, for the hash chain.
SELECT uuid FROM wf_workers WHERE id = ?1;
