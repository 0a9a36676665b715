-- What a batch goes on from: the newest number of each table that is numbered by the writer, the newest time written (that of
-- the newest run if its history is gone), and whether any queue has had limits, and any signal is kept.
SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'wf_runs'), 0),
       COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'wf_history'), 0),
       COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'wf_checkpoints'), 0),
       max(COALESCE((SELECT time_us FROM wf_history ORDER BY id DESC LIMIT 1), 0),
           COALESCE((SELECT created_us FROM wf_runs ORDER BY id DESC LIMIT 1), 0)),
       EXISTS (SELECT 1 FROM wf_queues), EXISTS (SELECT 1 FROM wf_signals);
