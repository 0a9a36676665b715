-- Keys of a pack's runs that stand for other runs here.
SELECT k.workflow || ' ' || k.key FROM source.wf_runs s CROSS JOIN main.wf_keys k ON k.workflow = s.workflow AND k.key = s.key
WHERE  k.run_uuid <> s.uuid
LIMIT  1;
