-- The hash of one event of a run, by its number: a walk back from the newest.
WITH RECURSIVE back (seq, prev, hash) AS (
  SELECT h.seq, h.prev, h.hash FROM wf_runs r JOIN wf_history h ON h.id = r.head_history WHERE r.id = :run
  UNION ALL
  SELECT h.seq, h.prev, h.hash FROM back CROSS JOIN wf_history h ON h.id = back.prev WHERE back.seq > :seq
)
SELECT hash FROM back WHERE seq = :seq;
