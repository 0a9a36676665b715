-- The runs of a pack, and the number of the newest event of each.
SELECT id, uuid, seq FROM main.wf_runs;
