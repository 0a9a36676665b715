-- Makes the table that holds the rows which a statement of the writer is given. Go fills it; see store/batchtable.go.
CREATE VIRTUAL TABLE IF NOT EXISTS temp.wf_batch USING wf_batch;
