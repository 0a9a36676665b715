-- Attaches the database that is archived from, for reading.
ATTACH DATABASE :uri AS source;
