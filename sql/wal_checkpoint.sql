-- Copies the write-ahead log into the database; the next commit then starts the log again.
PRAGMA wal_checkpoint(PASSIVE);
