-- +goose Up

-- The mailbox: signals in the order of their arrival. One that has woken a run belongs to the step visit that it woke.
CREATE TABLE wf_signals (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  run      INTEGER NOT NULL,
  name     TEXT    NOT NULL,
  key      TEXT,                                    -- the sender's idempotency key
  visit    INTEGER,                                 -- NULL while nobody has awaited it
  time_us  INTEGER NOT NULL,
  sender   TEXT,                                    -- JSON: who sent it
  codec    TEXT    NOT NULL,
  checksum INTEGER NOT NULL,
  value    ANY
) STRICT;

CREATE INDEX        wf_signals_run ON wf_signals (run, visit, name, id);
CREATE UNIQUE INDEX wf_signals_key ON wf_signals (run, name, key) WHERE key IS NOT NULL;

-- What has to be undone if a run fails: one row per visit of a step that can be undone, written as the visit begins.
CREATE TABLE wf_undos (
  run      INTEGER NOT NULL,
  visit    INTEGER NOT NULL,
  step     TEXT    NOT NULL,
  state    TEXT    NOT NULL CHECK (state IN ('open', 'done', 'skipped')),
  attempts INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,              -- in a row; a person who resumes the run sets it back
  error    TEXT,
  reason   TEXT,                                    -- why a person has skipped it
  PRIMARY KEY (run, visit)
) STRICT, WITHOUT ROWID;

-- What steps have said about their runs, to search by.
CREATE TABLE wf_attributes (
  run   INTEGER NOT NULL,
  name  TEXT    NOT NULL,
  value ANY     NOT NULL,
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX wf_attributes_value ON wf_attributes (name, value, run);

-- Series of numbers that steps have measured. x is the progress.
CREATE TABLE wf_metrics (
  run     INTEGER NOT NULL,
  name    TEXT    NOT NULL,
  n       INTEGER NOT NULL,                         -- counts the points of the series, from 0
  x       INTEGER NOT NULL,
  value   REAL,                                     -- NULL is NaN, which SQLite does not store
  time_us INTEGER NOT NULL,
  PRIMARY KEY (run, name, n)
) STRICT, WITHOUT ROWID;

-- The limits of named lanes of pending runs. A queue without a row has none.
CREATE TABLE wf_queues (
  name           TEXT    PRIMARY KEY NOT NULL,
  concurrency    INTEGER,                           -- runs that execute at the same time, in all processes; NULL means any number
  rate           INTEGER,                           -- runs that begin within rate_period_us; NULL means any number
  rate_period_us INTEGER,
  tokens         REAL    NOT NULL DEFAULT 0,        -- starts left, as of tokens_us
  tokens_us      INTEGER NOT NULL DEFAULT 0,
  turn           INTEGER NOT NULL DEFAULT 0,        -- rank of the run claimed last: newcomers queue behind it
  paused         TEXT                               -- JSON: who paused it, and why
) STRICT, WITHOUT ROWID;

-- Rules that start runs.
CREATE TABLE wf_schedules (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  name       TEXT    NOT NULL UNIQUE,
  workflow   TEXT    NOT NULL,
  input      TEXT,                                  -- JSON
  options    TEXT    NOT NULL,                      -- JSON: of each start
  kind       TEXT    NOT NULL CHECK (kind IN ('cron', 'every', 'at')),
  spec       TEXT    NOT NULL,
  zone       TEXT    NOT NULL,
  overlap    TEXT    NOT NULL CHECK (overlap IN ('skip', 'queue', 'allow', 'cancel')),
  catchup_us INTEGER NOT NULL,                      -- how late a start may still be made up for
  jitter_us  INTEGER NOT NULL,
  created_us INTEGER NOT NULL,
  next_us    INTEGER,                               -- nominal time of the next start; NULL when there is none
  due_us     INTEGER,                               -- when to look at it again; NULL when never, or paused
  last_us    INTEGER,                               -- nominal time of the newest start
  last_run   INTEGER,
  queued_us  INTEGER,                               -- nominal time of a start that waits for the run before it
  starts     INTEGER NOT NULL DEFAULT 0,
  skips      INTEGER NOT NULL DEFAULT 0,
  error      TEXT,                                  -- why the newest start was not made
  paused     TEXT                                   -- JSON: who paused it, and why
) STRICT;

CREATE INDEX wf_schedules_due ON wf_schedules (due_us) WHERE due_us IS NOT NULL;

-- +goose Down
DROP TABLE wf_schedules;
DROP TABLE wf_queues;
DROP TABLE wf_metrics;
DROP TABLE wf_attributes;
DROP TABLE wf_undos;
DROP TABLE wf_signals;
