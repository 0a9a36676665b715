-- Whether migrations have been recorded, and how many tables are not ours.
SELECT count(*) FILTER (WHERE name = 'wf_goose_version') > 0,
       count(*) FILTER (WHERE name NOT LIKE 'wf\_%' ESCAPE '\' AND name NOT LIKE 'sqlite\_%' ESCAPE '\')
FROM   sqlite_schema
WHERE  type = 'table';
