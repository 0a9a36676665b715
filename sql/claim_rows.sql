-- The runs to be claimed, whole.
SELECT id, uuid, workflow, version, fingerprint, COALESCE(key, ''), status, step, visit, attempt, failures, deaths, seq, epoch,
       COALESCE(owner, 0), COALESCE(want, ''), COALESCE(want_detail, ''), COALESCE(due_us, 0), COALESCE(wait, ''),
       COALESCE(deadline_us, 0), COALESCE(ending, ''), queue, priority, COALESCE(fair_key, ''), rank, COALESCE(parent, 0),
       COALESCE(parent_visit, 0), COALESCE(place, 0), COALESCE(root, 0), children, COALESCE(schedule, 0),
       COALESCE(scheduled_us, 0), created_us,
       COALESCE(started_us, 0), updated_us, COALESCE(ended_us, 0), COALESCE(first_history, 0), COALESCE(head_history, 0),
       head_hash, keep, COALESCE(policy, ''), COALESCE(preserve, ''), COALESCE(packed, ''), seed, COALESCE(reason, ''), COALESCE(error, ''), COALESCE(done, -1),
       COALESCE(total, -1), saves, stall_us, active_us, tried_us, COALESCE(learned, ''), copies, copied_us, COALESCE(result_codec, ''), result,
       codec, checksum, random, COALESCE(counters, ''), state
FROM   wf_runs
WHERE  id IN (SELECT value FROM json_each(:ids));
