-- The rank of the newest run that is pending in a queue with a fair key; 0 if there is none.
SELECT COALESCE(max(rank), 0) FROM wf_runs INDEXED BY wf_runs_fair
WHERE  status = 'pending' AND rank > 0 AND queue = ?1 AND fair_key IS ?2;
