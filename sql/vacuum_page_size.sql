-- How many bytes a page has.
PRAGMA page_size;
