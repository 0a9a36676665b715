-- Says in an archive's header that its ids do not follow time any more: times must be looked for row by row.
PRAGMA user_version = 1;
