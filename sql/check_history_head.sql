-- Runs whose newest history row does not carry the hash that they have.
SELECT r.id AS run, r.head_history AS row, 'newest history row has another hash or number than its run' AS text
FROM   wf_runs r JOIN wf_history h ON h.id = r.head_history
WHERE  r.first_history IS NOT NULL AND (h.run <> r.id OR h.seq <> r.seq OR h.hash <> r.head_hash)
LIMIT  :limit;
