-- +goose Up

-- One row per process that has ever owned a run. Its lock file beside the database proves that it lives.
CREATE TABLE wf_workers (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid       TEXT    NOT NULL UNIQUE,
  host       TEXT    NOT NULL,
  pid        INTEGER NOT NULL,
  program    TEXT    NOT NULL,
  version    TEXT    NOT NULL,
  started_us INTEGER NOT NULL,
  stopped_us INTEGER,                    -- NULL while it lives, as far as is known
  died       INTEGER NOT NULL DEFAULT 0 CHECK (died IN (0, 1)),
  provenance TEXT                        -- JSON: build, commit, arguments, environment; NULL until it is known
) STRICT;

CREATE INDEX wf_workers_living ON wf_workers (id) WHERE stopped_us IS NULL;

-- One row per run: the truth from which it resumes. A checkpoint is the triple (state, random, counters).
CREATE TABLE wf_runs (
  id             INTEGER PRIMARY KEY AUTOINCREMENT, -- no number is ever used twice
  uuid           TEXT    NOT NULL UNIQUE,           -- UUIDv7: the identity across files
  workflow       TEXT    NOT NULL,
  version        INTEGER NOT NULL,                  -- of the definition that wrote the checkpoint
  fingerprint    TEXT    NOT NULL,                  -- of the step that the checkpoint waits in
  key            TEXT,
  status         TEXT    NOT NULL CHECK (           -- no IN: SQLite would build a table of its list for each row
                   status = 'pending' OR status = 'running' OR status = 'waiting' OR status = 'paused' OR status = 'blocked' OR
                   status = 'suspended' OR status = 'compensating' OR status = 'completed' OR status = 'failed' OR status = 'cancelled'),
  step           TEXT    NOT NULL,
  visit          INTEGER NOT NULL,                  -- counts the steps entered, from 1
  attempt        INTEGER NOT NULL,                  -- of this visit, from 1; 0 before the first
  failures       INTEGER NOT NULL,                  -- attempts in a row that failed without a new checkpoint
  deaths         INTEGER NOT NULL,                  -- owners that died at this checkpoint
  seq            INTEGER NOT NULL,                  -- of the newest history row = number of history rows
  epoch          INTEGER NOT NULL,                  -- rises whenever the owner changes
  owner          INTEGER REFERENCES wf_workers (id),
  want           TEXT    CHECK (want IN ('cancel', 'pause')),
  want_detail    TEXT,                              -- JSON: who asked, and why
  due_us         INTEGER,                           -- not before this time
  wait           TEXT,                              -- JSON: what it waits for, and where it goes on then
  deadline_us    INTEGER,                           -- it fails if it has not ended by then
  ending         TEXT    CHECK (ending IN ('failed', 'cancelled')), -- how it ends once its steps are undone
  queue          TEXT    NOT NULL,
  priority       INTEGER NOT NULL,                  -- higher ones are claimed first
  fair_key       TEXT,                              -- whose share of the queue it takes
  rank           INTEGER NOT NULL,                  -- its turn among those of the same priority
  parent         INTEGER,                           -- the run that spawned it
  parent_visit   INTEGER,                           -- in this visit
  place          INTEGER,                           -- among the children of that visit, from 0
  root           INTEGER,                           -- the eldest ancestor; NULL for a run that nobody spawned
  children       INTEGER NOT NULL,                  -- how many it has spawned
  schedule       INTEGER,                           -- the rule that started it
  scheduled_us   INTEGER,                           -- the time for which it did
  created_us     INTEGER NOT NULL,
  started_us     INTEGER,
  updated_us     INTEGER NOT NULL,
  ended_us       INTEGER,
  first_history  INTEGER,                           -- NULL once its history is deleted
  head_history   INTEGER,
  head_hash      BLOB    NOT NULL,                  -- outlives the history
  keep           TEXT    NOT NULL CHECK (keep = 'none' OR keep = 'history' OR keep = 'all'),
  policy         TEXT,                              -- JSON: the checkpoint policy given at start
  preserve       TEXT,                              -- JSON: which older checkpoints are kept; NULL means as by default
  packed         TEXT,                              -- JSON: into which file it was packed, to go on elsewhere
  seed           INTEGER NOT NULL,
  reason         TEXT,                              -- why it is paused, blocked, waiting or cancelled
  error          TEXT,
  done           INTEGER,                           -- progress, at the newest checkpoint
  total          INTEGER,
  saves          INTEGER NOT NULL DEFAULT 0,        -- in-step checkpoints so far
  stall_us       INTEGER NOT NULL DEFAULT 0,        -- time that steps stood still for them
  active_us      INTEGER NOT NULL DEFAULT 0,        -- time spent in steps
  tried_us       INTEGER NOT NULL DEFAULT 0,        -- of it, in the present try of the step: a takeover goes on with it
  learned        TEXT,                              -- JSON: what attempts have measured and chosen, and where owners died
  copies         TEXT    NOT NULL DEFAULT '[]',     -- JSON: ids in wf_checkpoints, oldest first
  copied_us      INTEGER NOT NULL,                  -- when the newest of them was written
  result_codec   TEXT,
  result         ANY,
  codec          TEXT    NOT NULL,
  checksum       INTEGER NOT NULL,                  -- CRC-32C of state
  random         BLOB,
  counters       TEXT,                              -- JSON: occurrences of recorded calls, by name
  state          ANY                                -- last, so that a small change leaves its pages alone
) STRICT;

CREATE INDEX wf_runs_pending  ON wf_runs (queue, priority DESC, rank, id, workflow) WHERE status = 'pending';
CREATE INDEX wf_runs_branch   ON wf_runs (root, priority DESC, rank, id) WHERE status IN ('pending', 'suspended') AND root IS NOT NULL;
CREATE INDEX wf_runs_fair     ON wf_runs (queue, fair_key, rank)      WHERE status = 'pending' AND rank > 0;
CREATE INDEX wf_runs_undoing  ON wf_runs (id)                         WHERE status = 'compensating' AND owner IS NULL;
-- Those that a person looks for among millions. A run that just begins and completes is never one of them.
CREATE INDEX wf_runs_rare     ON wf_runs (id, status) WHERE status <> 'completed' AND status <> 'pending' AND status <> 'running';
CREATE INDEX wf_runs_due      ON wf_runs (due_us, workflow, status)                  WHERE due_us IS NOT NULL;
CREATE INDEX wf_runs_deadline ON wf_runs (deadline_us)                WHERE deadline_us IS NOT NULL AND ended_us IS NULL;
CREATE INDEX wf_runs_owner    ON wf_runs (owner, queue)               WHERE owner IS NOT NULL;
CREATE INDEX wf_runs_want     ON wf_runs (id)                         WHERE want IS NOT NULL;
CREATE INDEX wf_runs_open     ON wf_runs (parent, parent_visit, place) WHERE parent IS NOT NULL AND ended_us IS NULL;
CREATE INDEX wf_runs_child    ON wf_runs (parent, parent_visit, place) WHERE parent IS NOT NULL;
CREATE INDEX wf_runs_held     ON wf_runs (parent, parent_visit, place) WHERE wait = '{"kind":"limit"}';
CREATE INDEX wf_runs_root     ON wf_runs (root, ended_us)             WHERE root IS NOT NULL;
CREATE INDEX wf_runs_schedule ON wf_runs (schedule)                   WHERE schedule IS NOT NULL AND ended_us IS NULL;

-- Which payloads are in files: the codec of those ends in +file, and the column lists the files. The indexes are on
-- what does not change with each save.
CREATE INDEX wf_runs_state_file  ON wf_runs (id) WHERE substr(codec, -5) = '+file';
CREATE INDEX wf_runs_result_file ON wf_runs (id) WHERE substr(result_codec, -5) = '+file';

-- The allowed moves; engine/status.go holds the same table and a test compares them.
-- +goose StatementBegin
CREATE TRIGGER wf_runs_moves BEFORE UPDATE OF status ON wf_runs
WHEN old.status <> new.status AND instr(CASE old.status
  WHEN 'pending' THEN ' running waiting paused blocked compensating cancelled '
  WHEN 'running' THEN ' pending waiting paused blocked suspended compensating completed failed cancelled '
  WHEN 'waiting' THEN ' pending running paused blocked suspended compensating failed cancelled '
  WHEN 'paused' THEN ' pending running waiting compensating cancelled '
  WHEN 'blocked' THEN ' pending running compensating failed cancelled '
  WHEN 'suspended' THEN ' pending running paused blocked compensating cancelled '
  WHEN 'compensating' THEN ' paused blocked suspended failed cancelled '
  WHEN 'failed' THEN ' pending '
  ELSE '' END, ' ' || new.status || ' ') = 0
BEGIN
  SELECT RAISE(ABORT, 'status move not allowed');
END;
-- +goose StatementEnd

-- The audit log, appended by rowid. Resume never reads it. Each row names the run's previous row and carries its hash.
CREATE TABLE wf_history (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  run         INTEGER NOT NULL,
  seq         INTEGER NOT NULL,
  prev        INTEGER,
  time_us     INTEGER NOT NULL,
  kind        TEXT    NOT NULL CHECK (              -- the frequent ones first; no IN: see wf_runs.status
                kind = 'transition' OR kind = 'checkpoint' OR kind = 'created' OR kind = 'claimed' OR kind = 'completed' OR
                kind = 'call' OR kind = 'attempt' OR kind = 'fallback' OR kind = 'released' OR kind = 'suspended' OR
                kind = 'paused' OR kind = 'resumed' OR kind = 'blocked' OR kind = 'signal' OR kind = 'woken' OR
                kind = 'compensating' OR kind = 'undo' OR kind = 'retried' OR kind = 'hook' OR kind = 'packed' OR
                kind = 'unpacked' OR kind = 'failed' OR kind = 'cancelled'),
  step        TEXT,
  next        TEXT,
  visit       INTEGER,
  attempt     INTEGER,
  duration_us INTEGER,
  worker      INTEGER,
  error       TEXT,
  detail      TEXT,
  hash        BLOB    NOT NULL
) STRICT;

-- Histories that nobody can see any more, of runs that are gone or keep none, and that were too long to be deleted at once:
-- the newest row that is left of each. Metrics of a run that is gone go with them.
CREATE TABLE wf_leftovers (
  run   INTEGER PRIMARY KEY,
  first INTEGER NOT NULL,
  head  INTEGER NOT NULL                            -- below first once the history is gone
) STRICT;

-- Older checkpoints to fall back on; wf_runs.copies names a run's rows, so no index is needed.
CREATE TABLE wf_checkpoints (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  run         INTEGER NOT NULL,
  seq         INTEGER NOT NULL,
  time_us     INTEGER NOT NULL,
  version     INTEGER NOT NULL,
  fingerprint TEXT    NOT NULL,
  step        TEXT    NOT NULL,
  visit       INTEGER NOT NULL,
  active_us   INTEGER NOT NULL,                     -- time spent in steps until then
  done        INTEGER,                              -- progress
  total       INTEGER,
  metric      REAL,                                 -- the newest value that came with it of the metric that wf_runs.preserve names
  size_bytes  INTEGER NOT NULL,                     -- of the state, also of one in a file
  codec       TEXT    NOT NULL,
  checksum    INTEGER NOT NULL,
  random      BLOB,
  counters    TEXT,
  bad         TEXT,                                 -- why it must not be used again; kept for inspection
  state       ANY     NOT NULL
) STRICT;

CREATE INDEX wf_checkpoints_file ON wf_checkpoints (id) WHERE substr(codec, -5) = '+file';

-- Results of recorded calls that no checkpoint covers yet.
CREATE TABLE wf_calls (
  run      INTEGER NOT NULL,
  visit    INTEGER NOT NULL,
  name     TEXT    NOT NULL,
  n        INTEGER NOT NULL,
  time_us  INTEGER NOT NULL,
  codec    TEXT    NOT NULL,
  checksum INTEGER NOT NULL,
  random   BLOB,
  value    ANY     NOT NULL,
  PRIMARY KEY (run, visit, name, n)
) STRICT, WITHOUT ROWID;

CREATE INDEX wf_calls_file ON wf_calls (run) WHERE substr(codec, -5) = '+file';

-- Idempotency keys; they outlive their runs.
CREATE TABLE wf_keys (
  workflow   TEXT    NOT NULL,
  key        TEXT    NOT NULL,
  run_uuid   TEXT    NOT NULL,
  input_hash BLOB    NOT NULL,
  created_us INTEGER NOT NULL,
  ended_us   INTEGER,
  PRIMARY KEY (workflow, key)
) STRICT, WITHOUT ROWID;

-- Runs whose hooks, which wf_runs.policy tells, are still to be fired once they end.
CREATE TABLE wf_hooks (
  run INTEGER PRIMARY KEY
) STRICT;

-- What is left of pruned runs: evidence against an exported head.
CREATE TABLE wf_pruned (
  uuid      TEXT    NOT NULL PRIMARY KEY,
  run       INTEGER NOT NULL,
  head_hash BLOB    NOT NULL,
  seq       INTEGER NOT NULL,
  pruned_us INTEGER NOT NULL,
  archive   TEXT                                    -- the file it was moved to, if any
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE wf_pruned;
DROP TABLE wf_leftovers;
DROP TABLE wf_hooks;
DROP TABLE wf_keys;
DROP TABLE wf_calls;
DROP TABLE wf_checkpoints;
DROP TABLE wf_history;
DROP TABLE wf_runs;
DROP TABLE wf_workers;
