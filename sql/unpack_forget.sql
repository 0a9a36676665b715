-- Deletes the packed runs whose continuations come home, and those of their families that had ended before.
DELETE FROM main.wf_runs
WHERE  id IN (SELECT value FROM json_each(:runs)) AND (packed IS NOT NULL OR ended_us IS NOT NULL) AND owner IS NULL;
