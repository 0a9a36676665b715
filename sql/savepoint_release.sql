-- Forgets where a closure began, and keeps what it did.
RELEASE wf_closure;
