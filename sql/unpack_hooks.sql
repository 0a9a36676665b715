-- Notes that the hooks of runs that are taken over from a pack, and have not ended, are to be fired here.
INSERT INTO main.wf_hooks (run)
SELECT id + :run_shift
FROM   source.wf_runs
WHERE  id IN (SELECT value FROM json_each(:runs)) AND ended_us IS NULL AND json_type(policy, '$.hooks') = 'array'
ON     CONFLICT DO NOTHING;
