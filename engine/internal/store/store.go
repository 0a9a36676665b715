// Package store holds all the SQLite code: it knows tables and rows, not what they mean.
//
// A Store has one writer and a pool of readers on one file. The writer owns the
// only connection that writes. It takes whatever requests are waiting, runs them in one transaction,
// commits once and acknowledges all of them: what has been acknowledged is on disk (WAL with
// synchronous=FULL). Readers see the newest committed state and never block the writer.
//
// Payloads over 1 MiB are in files beside the database, which are written before the request that names
// them is queued, and read after it was answered: neither the writer nor other requests wait for them.
//
// Several processes may have the file open. Their writers take turns (see package oslock).
package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
	"sync"

	"github.com/jmoiron/sqlx"
	"modernc.org/sqlite"

	"github.com/durable-wf/wf/engine/internal/clock"
	"github.com/durable-wf/wf/engine/internal/fault"
	"github.com/durable-wf/wf/engine/internal/oslock"
)

// Options say which file to open and what may be done to it. The zero value of every field but
// Path is the careful choice.
type Options struct {
	Path         string
	Create       bool         // create a missing file, migrate an older one
	ReadOnly     bool         // open readers only; nothing is created or migrated
	Adopt        bool         // with Create: add our tables to a database that holds only the user's own
	AllowNetwork bool         // accept a network file system, whose locks may lie
	Logger       *slog.Logger // nil discards

	// Observe is told of each transaction, by the writer, which waits for it; nil is not called.
	Observe func(Committed)
	// Aside is told, by the writer, of what each transaction has done to relatives of runs, if anything. It must not
	// block.
	Aside func(Aside)

	archive bool // to put archived runs into it
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	path     string
	lockDir  string
	files    payloadFiles
	log      *slog.Logger
	clock    *clock.Clock // the wall time
	cut      *fault.Cut   // tests alone let an engine die
	observe  func(Committed)
	aside    func(Aside)
	archives bool // may be an archive: it takes no new runs here

	read   *sqlx.DB // mode=ro, query_only; a few connections
	stmts  sync.Map // of read: query text -> *sqlx.Stmt; closed with it
	writer *writer  // nil if read-only
	guard  *oslock.Guard

	file fs.FileInfo // as it was opened; another inode at the path means that ours is gone

	inspector func() (*sqlite.Driver, error) // made at its first use

	watch     chan struct{} // capacity 1; see Watch
	left      chan struct{} // capacity 1: there may be leftovers
	stopWatch context.CancelFunc
	watching  sync.WaitGroup

	closeOnce sync.Once
	closeErr  error
}

// Path returns the canonical path of the database file.
func (s *Store) Path() string { return s.path }

// LockDir returns the folder that holds the OS locks that go with the file.
func (s *Store) LockDir() string { return s.lockDir }

// Watch returns a channel that receives a value within about a second after the file was changed, by
// this process or another. Notifications are coalesced, and there is one channel: it serves one receiver.
func (s *Store) Watch() <-chan struct{} { return s.watch }

// Close commits what has been submitted, waits for it, and closes the file. Requests made after
// Close fail with ErrClosed. Closing again does nothing and returns the same error.
func (s *Store) Close() error {
	s.closeOnce.Do(func() { s.closeErr = s.shut() })
	return s.closeErr
}

func (s *Store) shut() error {
	var errs []error
	if s.writer != nil {
		s.writer.drain()
	}
	if s.stopWatch != nil {
		s.stopWatch()
		s.watching.Wait()
	}
	if s.read != nil {
		errs = append(errs, s.read.Close())
	}
	if s.writer != nil { // the last connection to close checkpoints the WAL and deletes it
		errs = append(errs, s.writer.close())
	}
	if s.guard != nil {
		errs = append(errs, s.guard.Close())
	}
	return wrap("close", s.path, errors.Join(errs...))
}

// rowScanner is a *sql.Row, *sql.Rows or *sqlx.Rows.
type rowScanner interface{ Scan(dest ...any) error }

var _ rowScanner = (*sql.Rows)(nil)
