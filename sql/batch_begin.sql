-- Begins the transaction of a batch with the write lock, so that nothing in it can find the database busy.
BEGIN IMMEDIATE;
