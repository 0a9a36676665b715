-- Appends to the audit log. The ids are given, so that the rows can name each other.
INSERT INTO wf_history (id, run, seq, prev, time_us, kind, step, next, visit, attempt, duration_us, worker, error, detail, hash) VALUES
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
