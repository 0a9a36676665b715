-- Whether the ends of a run's history are what the run says: no row of it is missing, none was added.
SELECT r.id AS run, COALESCE(r.head_history, 0) AS row,
       CASE WHEN e.hash IS r.head_hash THEN 'has ' || h.n || ' history rows, must have ' || r.seq
       ELSE 'has ' || h.n || ' history rows up to ' || COALESCE(hex(e.hash), 'none') || ', must have ' || r.seq || ' up to ' || hex(r.head_hash) END AS text
FROM   wf_runs r
JOIN   (SELECT count(*) AS n FROM wf_history WHERE run = :run
        AND id BETWEEN (SELECT first_history FROM wf_runs WHERE id = :run) AND (SELECT head_history FROM wf_runs WHERE id = :run)) h
LEFT   JOIN wf_history e ON e.id = r.head_history AND e.run = r.id AND e.seq = r.seq
WHERE  r.id = :run AND r.first_history IS NOT NULL AND (h.n <> r.seq OR e.hash IS NOT r.head_hash)
LIMIT  :limit;
