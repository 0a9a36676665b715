-- What is still to be deleted.
SELECT run, first, head FROM wf_leftovers ORDER BY run LIMIT 100;
