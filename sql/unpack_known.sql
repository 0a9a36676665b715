-- Which runs of a pack are here, and whether the pack's go on from where these are.
SELECT s.id AS pack, m.id, m.uuid, m.seq, m.head_hash, COALESCE(m.packed, '') AS packed, m.ended_us IS NOT NULL AS ended, s.first_history IS NULL
       OR EXISTS (SELECT 1 FROM source.wf_history h WHERE h.run = s.id AND h.seq = m.seq AND h.hash = m.head_hash) AS follows,
       COALESCE(m.first_history, 0) AS first_history, COALESCE(m.head_history, 0) AS head_history
FROM   source.wf_runs s CROSS JOIN main.wf_runs m ON m.uuid = s.uuid
ORDER  BY s.id;
