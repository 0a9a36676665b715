-- Where what a worker computes comes from.
SELECT COALESCE(provenance, '') FROM wf_workers WHERE id = :id;
