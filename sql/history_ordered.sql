-- Whether numbers of rows do not follow time, since some have come from another file; see archive_renumbered.sql.
SELECT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'wf_renumbered');
