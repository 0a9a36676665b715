-- Deletes the history of such copies.
DELETE FROM main.wf_history WHERE run IN (SELECT value FROM json_each(:runs));
