-- Deletes the packed runs whose continuations come home.
DELETE FROM main.wf_runs WHERE id IN (SELECT value FROM json_each(:runs)) AND packed IS NOT NULL AND owner IS NULL;
