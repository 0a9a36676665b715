-- Gives a new run what the run from which it goes on can be searched by.
INSERT OR IGNORE INTO wf_attributes (run, name, value) SELECT ?1, name, value FROM wf_attributes WHERE run = ?2;
