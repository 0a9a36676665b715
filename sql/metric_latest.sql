-- The newest point of each series of a run. It steps from name to name, so that long series cost nothing.
WITH RECURSIVE series (name) AS (
  SELECT min(name) FROM wf_metrics WHERE run = :run
  UNION ALL
  SELECT (SELECT min(m.name) FROM wf_metrics m WHERE m.run = :run AND m.name > s.name) FROM series s WHERE s.name IS NOT NULL
)
SELECT m.name, m.n, m.x, m.value AS stored, m.time_us
FROM   series s CROSS JOIN wf_metrics m ON m.run = :run AND m.name = s.name
WHERE  m.n = (SELECT max(l.n) FROM wf_metrics l WHERE l.run = :run AND l.name = s.name);
