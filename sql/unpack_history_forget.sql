-- Deletes the history of runs that come home, which bring it along.
DELETE FROM main.wf_history
WHERE  id >= :first AND id <= :last AND run IN (SELECT value FROM json_each(:runs));
