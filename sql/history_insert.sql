-- Appends to the audit log. The ids are given, so that the rows can name each other.
INSERT INTO wf_history (id, run, seq, prev, time_us, kind, step, next, visit, attempt, duration_us, worker, error, detail, hash)
SELECT c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15 FROM wf_batch;
