-- Says in a file that its numbers do not follow time any more: times must be looked for row by row. It is said beside the
-- numbers that were used, since the header's user_version belongs to the program whose tables are in the file, too.
INSERT INTO main.sqlite_sequence (name, seq)
SELECT 'wf_renumbered', 1 WHERE NOT EXISTS (SELECT 1 FROM main.sqlite_sequence WHERE name = 'wf_renumbered');
