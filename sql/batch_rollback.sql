-- Undoes a batch.
ROLLBACK;
