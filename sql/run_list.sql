-- Runs by their numbers, newest first. :no_state leaves out what may be large; SQLite then does not read it.
SELECT id, uuid, workflow, version, fingerprint, COALESCE(key, '') AS key, status, step, visit, attempt, failures,
       deaths, seq, epoch, COALESCE(owner, 0) AS owner, COALESCE(want, '') AS want,
       COALESCE(want_detail, '') AS want_detail, COALESCE(due_us, 0) AS due_us,
       COALESCE(wait, '') AS wait, COALESCE(deadline_us, 0) AS deadline_us,
       COALESCE(ending, '') AS ending, queue, priority, COALESCE(fair_key, '') AS fair_key, rank,
       COALESCE(parent, 0) AS parent, COALESCE(parent_visit, 0) AS parent_visit, COALESCE(place, 0) AS place,
       COALESCE(root, 0) AS root, children, COALESCE(schedule, 0) AS schedule,
       COALESCE(scheduled_us, 0) AS scheduled_us, created_us,
       COALESCE(started_us, 0) AS started_us, updated_us, COALESCE(ended_us, 0) AS ended_us,
       COALESCE(first_history, 0) AS first_history, COALESCE(head_history, 0) AS head_history, head_hash, keep,
       COALESCE(policy, '') AS policy, COALESCE(preserve, '') AS preserve, COALESCE(packed, '') AS packed,
       seed, COALESCE(reason, '') AS reason, COALESCE(error, '') AS error,
       COALESCE(done, -1) AS done, COALESCE(total, -1) AS total, saves, stall_us, active_us, tried_us,
       COALESCE(learned, '') AS learned, copies, copied_us,
       COALESCE(result_codec, '') AS "result.codec", CASE WHEN :no_state THEN NULL ELSE result END AS "result.data",
       codec AS "checkpoint.state.codec", checksum AS "checkpoint.checksum", CASE WHEN :no_state THEN NULL ELSE random END AS "checkpoint.random",
       COALESCE(CASE WHEN :no_state THEN NULL ELSE counters END, '') AS "checkpoint.counters", CASE WHEN :no_state THEN NULL ELSE state END AS "checkpoint.state.data"
FROM   wf_runs
WHERE  id IN (SELECT value FROM json_each(:ids))
ORDER  BY id DESC;
