-- How many pages the file has, how many of them are not in use, whether these can be given back, and the size of a page in bytes.
SELECT (SELECT page_count FROM pragma_page_count) AS pages, (SELECT freelist_count FROM pragma_freelist_count) AS free,
       (SELECT auto_vacuum FROM pragma_auto_vacuum) = 2 AS possible, (SELECT page_size FROM pragma_page_size) AS page_size;
