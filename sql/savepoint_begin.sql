-- Marks where a closure begins, so that it alone can be undone.
SAVEPOINT wf_closure;
