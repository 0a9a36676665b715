-- Undoes a closure. It fails if SQLite has rolled back the whole transaction already.
ROLLBACK TO wf_closure;
