-- Copies for which runs hooks are still to be fired into a pack.
INSERT INTO main.wf_hooks (run)
SELECT run FROM source.wf_hooks WHERE run IN (SELECT value FROM json_each(:runs));
