-- The oldest signal of the names given that a run has not awaited yet.
SELECT id, run, name, COALESCE(key, '') AS key, COALESCE(visit, 0) AS visit, time_us, COALESCE(sender, '') AS sender,
       codec AS "value.codec", value AS "value.data", checksum
FROM   wf_signals
WHERE  id = (
  SELECT min((SELECT min(s.id) FROM wf_signals s WHERE s.run = ?1 AND s.visit IS NULL AND s.name = n.value))
  FROM   json_each(?2) n
);
