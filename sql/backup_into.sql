-- Writes a consistent copy of the database to a file that is empty or absent.
VACUUM INTO :path;
