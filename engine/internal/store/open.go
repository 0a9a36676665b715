package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	"modernc.org/sqlite"

	"github.com/durable-wf/wf/engine/internal/clock"
	"github.com/durable-wf/wf/engine/internal/fault"
	"github.com/durable-wf/wf/engine/internal/oslock"
	"github.com/durable-wf/wf/engine/internal/tally"
)

const (
	readers     = 4                // connections of the read pool, one of them watches
	busyTimeout = 10 * time.Second // of SQLite, against programs that do not take turns
)

// Open opens the database file, and creates or migrates it if the options say so. Opening a current
// file takes a few milliseconds. Two processes may create the same file at the same time.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if err := lockByDescription(o.Logger); err != nil {
		return nil, wrap("open", o.Path, err)
	}
	path, err := locate(&o)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, files: filesOf(path), log: o.Logger, clock: clock.From(ctx), cut: fault.From(ctx), observe: o.Observe, aside: o.Aside, archives: o.ReadOnly || o.archive, watch: make(chan struct{}, 1), left: make(chan struct{}, 1)}
	s.inspector = sync.OnceValues(func() (*sqlite.Driver, error) { return newInspector(s.files) })
	if err := s.open(ctx, &o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// lockByDescription makes SQLite's locks belong to its open files. POSIX locks, its default, belong
// to the process, and any plain open and close of the file in this process would drop them. A program
// that has used SQLite before it opens its first Store keeps what it has, and has to be careful itself.
func lockByDescription(log *slog.Logger) error {
	_, err := sqlite.OFDLocking(true)
	switch {
	case errors.Is(err, sqlite.ErrOFDLockingUnavailable):
		return nil // not Linux
	case errors.Is(err, sqlite.ErrOFDLockingTooLate):
		log.Warn("SQLite was used before: a plain open and close of the database file in this process would drop its locks")
		return nil
	}
	return err
}

// locate returns the canonical path of a file that exists and is fit to be opened.
func locate(o *Options) (string, error) {
	path, err := canonical(o.Path)
	if err != nil {
		return "", wrap("open", o.Path, err)
	}
	err = fit(path)
	if errors.Is(err, fs.ErrNotExist) {
		if !o.Create || o.ReadOnly {
			return "", &Error{Path: path, Kind: ErrNoFile}
		}
		if err := refuseNetwork(path, o.AllowNetwork); err != nil {
			return "", err
		}
		return path, create(path)
	}
	if err != nil {
		return "", err
	}
	return path, refuseNetwork(path, o.AllowNetwork)
}

// open does the rest of Open; the caller closes what has been opened if it fails.
func (s *Store) open(ctx context.Context, o *Options) error {
	var err error
	if s.lockDir, err = oslock.Folder(s.path); err != nil {
		return wrap("open", s.path, err)
	}
	if s.file, err = os.Stat(s.path); err != nil {
		return wrap("open", s.path, err)
	}
	if s.read, err = openReaders(ctx, s.path); err != nil {
		return wrap("open", s.path, err)
	}
	if o.ReadOnly {
		if err := s.awaitSchema(ctx); err != nil {
			return err
		}
		return s.startWatch(ctx)
	}
	if err := s.prepareSchema(ctx, o); err != nil {
		return err
	}
	if s.writer, err = newWriter(ctx, s); err != nil {
		return wrap("open", s.path, err)
	}
	return s.startWatch(ctx)
}

// openReaders opens the read pool. It cannot write: mode=ro holds whatever the SQL says.
func openReaders(ctx context.Context, path string) (*sqlx.DB, error) {
	connector, err := sqlite.NewConnector(dsn(path, "mode=ro", "query_only(1)"))
	if err != nil {
		return nil, err
	}
	db := sqlx.NewDb(sql.OpenDB(countedConnector{connector, tally.From(ctx).Readers()}), "sqlite")
	db.SetMaxOpenConns(readers)
	db.SetMaxIdleConns(readers)
	return db, nil
}

// openWriter opens the database for writing and makes sure that a commit will be durable: the
// pragmas are read back, since SQLite ignores what it cannot do. table may be nil; first are pragmas that come before
// those of all writers. None of those may write, or opening the file would wait for the disk. Beside a million runs a
// cache of 2 or 8 MB saves no time over one of 1 MB, which takes 2 MB of memory, since the allocator rounds pages with
// their headers up: what is written is mostly new, or was written just before.
func openWriter(ctx context.Context, path string, table *batchTable, first ...string) (*sqlx.DB, error) {
	pool, err := openTracked(table, dsn(path, "mode=rw", append(first, "wal_autocheckpoint(0)", "journal_mode(WAL)", "synchronous(FULL)",
		"fullfsync(1)", "checkpoint_fullfsync(1)", "journal_size_limit(33554432)", "cache_size(-1000)", "temp_store(MEMORY)")...))
	if err != nil {
		return nil, err
	}
	db := sqlx.NewDb(pool, "sqlite")
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	if err := checkDurable(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func checkDurable(ctx context.Context, db *sqlx.DB) error {
	want := map[string]string{"journal_mode": "wal", "synchronous": "2"}
	if runtime.GOOS == "darwin" { // where fsync does not reach the disk
		want["fullfsync"] = "1"
	}
	for pragma, value := range want {
		var got string
		if err := db.GetContext(ctx, &got, "PRAGMA "+pragma); err != nil {
			return err
		}
		if got != value {
			return fmt.Errorf("pragma %s is %q, must be %q for commits to be durable", pragma, got, value)
		}
	}
	return nil
}

// dsn returns a data source name for path with the open mode and pragmas given.
func dsn(path, mode string, pragmas ...string) string {
	q := url.Values{"_pragma": append([]string{fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds())}, pragmas...)}
	u := url.URL{Scheme: "file", Path: path, RawQuery: mode + "&" + q.Encode()}
	return u.String()
}
