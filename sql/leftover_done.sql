-- Forgets a leftover of which nothing is left.
DELETE FROM wf_leftovers WHERE run = :run AND head < first;
