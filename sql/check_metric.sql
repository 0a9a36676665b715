-- Series of runs that are gone, and series with gaps.
SELECT m.run AS run, 0 AS row,
       CASE WHEN r.id IS NULL THEN count(*) || ' points of metric ' || m.name || ' of a run that is gone'
         ELSE 'metric ' || m.name || ' has ' || count(*) || ' points, the newest is number ' || max(m.n) END AS text
FROM   wf_metrics m LEFT JOIN wf_runs r ON r.id = m.run
GROUP  BY m.run, m.name
HAVING r.id IS NULL AND NOT EXISTS (SELECT 1 FROM wf_leftovers l WHERE l.run = m.run) OR r.id IS NOT NULL AND count(*) <> max(m.n) + 1
LIMIT  :limit;
