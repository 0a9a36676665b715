-- Whether the ids of the history follow time: 0, or 1 in an archive that had to renumber rows.
PRAGMA user_version;
