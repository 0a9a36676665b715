-- How many pages the file has.
PRAGMA page_count;
