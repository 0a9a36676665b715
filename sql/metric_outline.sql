-- The outline of a series of a run: of every :width points the first, the lowest and the highest, oldest first.
WITH RECURSIVE part (first) AS (
  SELECT 0
  UNION ALL
  SELECT first + :width FROM part
  WHERE  first + :width <= (SELECT max(n) FROM wf_metrics WHERE run = :run AND name = :name)
)
SELECT m.name, m.n, m.x, m.value AS stored, m.time_us
FROM   part CROSS JOIN wf_metrics m ON m.run = :run AND m.name = :name AND m.n IN (
  part.first,
  (SELECT l.n FROM wf_metrics l WHERE l.run = :run AND l.name = :name AND l.n >= part.first AND l.n < part.first + :width
   ORDER BY l.value IS NULL, l.value LIMIT 1),
  (SELECT h.n FROM wf_metrics h WHERE h.run = :run AND h.name = :name AND h.n >= part.first AND h.n < part.first + :width
   ORDER BY h.value DESC LIMIT 1))
ORDER  BY m.n;
