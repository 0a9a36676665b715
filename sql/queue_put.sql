-- Writes what is known of a queue.
INSERT INTO wf_queues (name, concurrency, rate, rate_period_us, tokens, tokens_us, turn, paused) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET
  concurrency = excluded.concurrency, rate = excluded.rate, rate_period_us = excluded.rate_period_us, tokens = excluded.tokens,
  tokens_us = excluded.tokens_us, turn = excluded.turn, paused = excluded.paused;
