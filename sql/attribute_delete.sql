-- Takes an attribute from a run.
DELETE FROM wf_attributes WHERE run = ? AND name = ?;
