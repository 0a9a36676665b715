-- The names of all attributes. It steps from name to name, so that many runs cost nothing.
WITH RECURSIVE names (name) AS (
  SELECT min(name) FROM wf_attributes
  UNION ALL
  SELECT (SELECT min(a.name) FROM wf_attributes a WHERE a.name > n.name) FROM names n WHERE n.name IS NOT NULL
)
SELECT name FROM names WHERE name IS NOT NULL LIMIT :limit;
