-- Copies as much of the write-ahead log into the database as readers allow. Nobody waits for it.
PRAGMA wal_checkpoint(PASSIVE);
