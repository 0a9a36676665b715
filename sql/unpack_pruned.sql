-- Takes back that runs were removed here: they are here again.
DELETE FROM main.wf_pruned WHERE uuid IN (SELECT uuid FROM source.wf_runs);
