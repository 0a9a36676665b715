-- Lets SQLite look for damage to the file: one row per finding, or "ok".
PRAGMA integrity_check(1000);
