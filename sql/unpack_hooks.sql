-- Takes over for which runs of a pack hooks are still to be fired.
INSERT INTO main.wf_hooks (run)
SELECT run + :run_shift FROM source.wf_hooks WHERE run IN (SELECT value FROM json_each(:runs));
