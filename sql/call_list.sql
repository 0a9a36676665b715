-- The recorded calls of one visit of a run; of all its visits if :visit is 0.
SELECT visit, name, n, time_us, codec AS "value.codec", value AS "value.data", checksum, random
FROM   wf_calls
WHERE  run = :run AND (:visit = 0 OR visit = :visit)
ORDER  BY visit, time_us, name, n;
