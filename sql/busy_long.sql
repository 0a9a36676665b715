-- How long SQLite waits for a lock before the writer hears of it.
PRAGMA busy_timeout = 10000;
