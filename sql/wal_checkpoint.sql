-- Copies the write-ahead log into the database and waits for readers to leave it, so that the next commit starts it again.
PRAGMA wal_checkpoint(RESTART);
