-- Takes pages that are not in use off the end of the file, after what is there was moved: a row for each. Whoever reads no further row stops it.
PRAGMA incremental_vacuum;
