// Package raw is the baseline: what SQLite itself can do, written as one would who needs just this, and no engine.
package raw

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver that wf uses, too

	"github.com/durable-wf/wf/bench/subject"
)

// Subjects returns the baseline.
func Subjects() []subject.Subject {
	return []subject.Subject{{
		Key: "raw", Engine: "raw SQLite", Config: "no engine", Module: "modernc.org/sqlite",
		Default: true, Open: open,
	}}
}

// schema has a row per run and a row per transition, with columns like those that an engine needs.
const schema = `
CREATE TABLE IF NOT EXISTS runs (
  id INTEGER PRIMARY KEY, uuid TEXT NOT NULL, workflow TEXT NOT NULL, status TEXT NOT NULL, step TEXT NOT NULL,
  seq INTEGER NOT NULL, epoch INTEGER NOT NULL, created_us INTEGER NOT NULL, updated_us INTEGER NOT NULL,
  head INTEGER, state BLOB
) STRICT;
CREATE TABLE IF NOT EXISTS history (
  id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, seq INTEGER NOT NULL, prev INTEGER, time_us INTEGER NOT NULL,
  kind TEXT NOT NULL, step TEXT, next TEXT, visit INTEGER, attempt INTEGER, duration_us INTEGER, worker INTEGER,
  hash BLOB NOT NULL
) STRICT;`

// logPages is where the log is copied into the database: 16 MB, as wf does it, rather than SQLite's 4 MB.
const logPages = 4096

type system struct {
	opts subject.Options
	db   *sql.DB
	mu   sync.Mutex // guards conn: there is one writer
	conn *conn
}

func open(ctx context.Context, o subject.Options) (subject.System, error) {
	pragmas := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", fmt.Sprintf("wal_autocheckpoint(%d)", logPages)}}
	u := url.URL{Scheme: "file", Path: filepath.Join(o.Dir, "raw.db"), RawQuery: pragmas.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, err
	}
	c, err := prepare(ctx, db)
	if err != nil {
		return nil, err
	}
	return &system{opts: o, db: db, conn: c}, nil
}

func (s *system) Durability(ctx context.Context) (string, error) {
	return subject.Pragmas(ctx, s.conn.sql)
}

func (s *system) Close(context.Context) error { return errors.Join(s.conn.close(), s.db.Close()) }

// run is a run whose steps Wait executes.
type run struct {
	sys *system
	row
	id    string
	shape subject.Shape
}

// Start commits the row of the run, and nothing else. That of a pure run is left to its only step.
func (s *system) Start(ctx context.Context, id string, shape subject.Shape) (subject.Run, error) {
	r := &run{sys: s, id: id, shape: shape}
	if shape.Pure && shape.Steps == 1 {
		return r, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	r.row, err = s.conn.create(ctx, id, time.Now())
	return r, err
}

// Wait executes the steps, each with a commit of its own.
func (r *run) Wait(ctx context.Context) (int64, error) {
	r.sys.mu.Lock()
	defer r.sys.mu.Unlock()
	for i := range r.shape.Steps {
		if err := r.step(ctx, i); err != nil {
			return 0, err
		}
	}
	return r.total, nil
}

func (r *run) step(ctx context.Context, i int) error {
	begun, conn := time.Now(), r.sys.conn
	n, err := r.sys.opts.Step(ctx, r.id, i)
	if err != nil {
		return err
	}
	return conn.together(ctx, func() (err error) {
		if r.number == 0 {
			if r.row, err = conn.create(ctx, r.id, begun); err != nil {
				return err
			}
		}
		r.total += n
		return conn.write(ctx, &r.row, begun, i == r.shape.Steps-1)
	})
}
