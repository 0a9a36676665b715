package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"

	"github.com/durable-wf/wf/engine/internal/oslock"
	"github.com/durable-wf/wf/migrations"
	queries "github.com/durable-wf/wf/sql"
)

const (
	applicationID = 0x77662d31 // "wf-1" in the file's header
	archiveID     = 0x77662d61 // "wf-a": a file that Archive has made
	versionTable  = "wf_goose_version"
	migrateWait   = 10 * time.Second // how long to wait for another process that creates or migrates
	createWait    = 2 * time.Second  // how long those who may not create wait for who is just creating
	schemaPoll    = 10 * time.Millisecond
)

// schema is what the file's header and catalogue say.
type schema struct {
	application int64
	version     int64 // of the newest migration applied; 0 for none
	tables      int64 // that are not ours
}

// prepareSchema takes the schema's lock and makes the schema current, if it may.
func (s *Store) prepareSchema(ctx context.Context, o *Options) error {
	check := s.checkSchema
	if !o.Create {
		check = s.awaitSchema
	}
	if err := check(ctx); err != nil && !errors.Is(err, ErrSchemaTooOld) && !o.mayAdopt(err) {
		return err // and leave no lock files beside a file that is none of our business
	}
	guard, err := oslock.Share(s.lockDir)
	if err != nil {
		return s.failure("open", err)
	}
	s.guard = guard
	// Asked for again under the lock: only now nobody can be migrating.
	err = s.checkSchema(ctx)
	if !o.Create || !errors.Is(err, ErrSchemaTooOld) && !o.mayAdopt(err) {
		return err
	}
	return s.upgrade(ctx)
}

// mayAdopt reports whether err is about a database that the options allow to make ours.
func (o *Options) mayAdopt(err error) bool {
	return o.Create && o.Adopt && errors.Is(err, ErrForeign) && !errors.Is(err, errStranger)
}

// errStranger marks a database that says whose it is, and it is not ours.
var errStranger = errors.New("its application_id is not ours")

// awaitSchema is checkSchema for those who may not migrate: a file that was written just now is
// probably being created by another process, which takes a moment.
func (s *Store) awaitSchema(ctx context.Context) error {
	tick := time.NewTicker(schemaPoll)
	defer tick.Stop()
	for begun := time.Now(); ; {
		err := s.checkSchema(ctx)
		if !errors.Is(err, ErrSchemaTooOld) || time.Since(s.file.ModTime()) > createWait || time.Since(begun) > createWait {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// checkSchema reports what keeps this program from using the database as it is.
func (s *Store) checkSchema(ctx context.Context) error {
	have, err := s.readSchema(ctx)
	if err != nil {
		return s.failure("open", err)
	}
	newest, err := newestVersion()
	if err != nil {
		return err
	}
	versions := fmt.Errorf("its schema is %d, this program has %d", have.version, newest)
	switch {
	case have.application == archiveID && !s.archives:
		return &Error{Path: s.path, Kind: ErrArchive}
	case have.application != applicationID && have.application != archiveID && have.application != 0:
		return &Error{Path: s.path, Kind: ErrForeign, Err: errStranger}
	case have.application == 0 && have.tables > 0 && have.version == 0:
		return &Error{Path: s.path, Kind: ErrForeign, Err: errors.New("it holds tables, none of them ours")}
	case have.version > newest:
		return &Error{Path: s.path, Kind: ErrSchemaTooNew, Err: versions}
	case have.version < newest || have.application == 0:
		return &Error{Path: s.path, Kind: ErrSchemaTooOld, Err: versions}
	}
	return nil
}

func (s *Store) readSchema(ctx context.Context) (schema, error) {
	var have schema
	if err := s.read.GetContext(ctx, &have.application, "PRAGMA application_id"); err != nil {
		return have, err
	}
	var versioned bool
	if err := s.read.QueryRowContext(ctx, queries.SchemaInspect).Scan(&versioned, &have.tables); err != nil || !versioned {
		return have, err
	}
	return have, s.read.GetContext(ctx, &have.version, queries.SchemaVersion)
}

// newestVersion returns the number of the newest migration this program has.
func newestVersion() (int64, error) {
	files, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		return 0, err
	}
	var newest int64
	for _, file := range files {
		version, err := goose.NumericComponent(file)
		if err != nil {
			return 0, err
		}
		newest = max(newest, version)
	}
	return newest, nil
}

// upgrade creates or migrates the tables while nobody else has the database open. If another
// process is doing the same, it waits until that has done it.
func (s *Store) upgrade(ctx context.Context) error {
	if err := s.guard.Close(); err != nil {
		return s.failure("migrate", err)
	}
	s.guard = nil
	for begun := time.Now(); ; {
		alone, err := oslock.Exclude(s.lockDir)
		if err == nil {
			err = errors.Join(s.migrate(ctx), alone.Close())
			if err != nil {
				return s.failure("migrate", err)
			}
			break
		}
		if _, held := errors.AsType[*oslock.HeldError](err); !held || ctx.Err() != nil || time.Since(begun) > migrateWait {
			return s.failure("migrate", err)
		}
		if s.checkSchema(ctx) == nil { // the holder is just what was waited for
			break
		}
		time.Sleep(schemaPoll)
	}
	guard, err := oslock.Share(s.lockDir)
	if err != nil {
		return s.failure("migrate", err)
	}
	s.guard = guard
	return s.checkSchema(ctx)
}

// migrate marks the file as ours and applies the migrations it lacks, each in a transaction of its
// own: a crash leaves an older schema, which the next upgrade finishes.
func (s *Store) migrate(ctx context.Context) error {
	db, err := openWriter(ctx, s.path, nil, "auto_vacuum(2)") // INCREMENTAL: it works in a file that is still empty
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // what it has done is committed
	have, err := s.readSchema(ctx)
	if err != nil {
		return err
	}
	if have.application != archiveID {
		if _, err := db.ExecContext(ctx, queries.SchemaMark); err != nil {
			return err
		}
	}
	provider, err := newProvider(db)
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	for range 2 { // goose keeps 16 MB of buffers in a pool, which the second collection frees: else the heap grows to 32 MB
		runtime.GC()
	}
	return err
}

// newProvider returns what applies our migrations to db.
func newProvider(db *sqlx.DB) (*goose.Provider, error) {
	return goose.NewProvider(goose.DialectSQLite3, db.DB, migrations.FS,
		goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
}
