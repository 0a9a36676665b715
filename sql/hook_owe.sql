-- Notes that the hooks of a run are to be fired when it ends.
INSERT INTO wf_hooks (run) VALUES (?1) ON CONFLICT DO NOTHING;
