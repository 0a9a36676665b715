-- Runs a user's query, which takes the place of SELECT NULL. Being materialised, all of it is computed in the
-- first step, which is the one that a time limit can interrupt. The query may read wf_view, which shows the
-- runs with state and result as JSON, whatever their codec.
WITH wf_view AS (
  SELECT id, uuid, workflow, version, key, status, step, visit, attempt, failures, reason, error, done, total, owner, due_us,
         created_us, started_us, updated_us, ended_us, wf_json(result, result_codec) AS result, wf_json(state, codec) AS state
  FROM   wf_runs
),
answer AS MATERIALIZED (SELECT * FROM (
SELECT NULL
) LIMIT :wf_limit)
SELECT * FROM answer;
