-- Runs whose history has more or fewer rows than they say, or begins or ends elsewhere.
SELECT r.id AS run, COALESCE(r.head_history, 0) AS row,
       'has ' || COALESCE(h.n, 0) || ' history rows (' || COALESCE(h.first, 0) || ' to ' || COALESCE(h.head, 0) || '), must have '
       || CASE WHEN r.first_history IS NULL THEN 'none'
          ELSE r.seq || ' (' || r.first_history || ' to ' || COALESCE(r.head_history, 0) || ')' END AS text
FROM   wf_runs r LEFT JOIN (SELECT run, count(*) AS n, min(id) AS first, max(id) AS head FROM wf_history
       WHERE  run NOT IN (SELECT run FROM wf_leftovers) GROUP BY run) h ON h.run = r.id
WHERE  CASE WHEN r.first_history IS NULL THEN h.n IS NOT NULL
       ELSE (h.n, h.first, h.head) IS NOT (r.seq, r.first_history, r.head_history) END
LIMIT  :limit;
