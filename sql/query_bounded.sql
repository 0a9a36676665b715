-- Runs a user's query, which takes the place of SELECT NULL. Being materialised, all of it is computed in the
-- first step, which is the one that a time limit can interrupt.
WITH answer AS MATERIALIZED (SELECT * FROM (
SELECT NULL
) LIMIT :wf_limit)
SELECT * FROM answer;
