-- Runs that are there although they were pruned.
SELECT r.id AS run, 0 AS row, 'is here although it was pruned' AS text
FROM   wf_pruned p JOIN wf_runs r ON r.uuid = p.uuid
LIMIT  :limit;
