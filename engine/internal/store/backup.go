package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	queries "github.com/durable-wf/wf/sql"
)

// ErrExists says that the destination of a backup is there already: nothing is overwritten.
var ErrExists = errors.New("file exists already")

// Backup writes a copy of the database to a new file at dst, as it is at one moment, while others
// write. The copy is complete and durable when Backup returns, or dst does not exist; only its owner
// may read it. It returns ErrExists if there is something at dst. While it runs the WAL cannot be reset.
func (s *Store) Backup(ctx context.Context, dst string) error {
	dst, err := filepath.Abs(dst)
	if err != nil {
		return wrap("backup", dst, err)
	}
	if err := absent(dst); err != nil {
		return err
	}
	// An empty file is what VACUUM INTO accepts; made here it belongs to its owner alone.
	tmp, err := os.CreateTemp(filepath.Dir(dst), "."+filepath.Base(dst)+".*.part")
	if err != nil {
		return wrap("backup", dst, err)
	}
	part := tmp.Name()
	defer os.Remove(part) //nolint:errcheck // gone already if all went well
	if err := tmp.Close(); err != nil {
		return wrap("backup", dst, err)
	}
	if err := s.vacuumInto(ctx, part); err != nil {
		return s.failure("backup", err)
	}
	return wrap("backup", dst, publish(part, dst))
}

func absent(path string) error {
	_, err := os.Lstat(path)
	switch {
	case err == nil:
		return fmt.Errorf("%s: %w", path, ErrExists)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	default:
		return wrap("backup", path, err)
	}
}

// vacuumInto copies what one read transaction sees. Unlike the backup API it can be interrupted, and
// the copy has no free pages. It needs a connection without query_only, which would refuse it.
func (s *Store) vacuumInto(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", dsn(s.path, "mode=ro"))
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // it has only read
	_, err = db.ExecContext(ctx, queries.BackupInto, sql.Named("path", path))
	return err
}

// publish makes the content of part durable and gives it the name dst, if that is still free.
// Nobody has the file open in SQLite, so opening it here drops no locks.
func publish(part, dst string) error {
	f, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	err = os.Link(part, dst) // unlike a rename it never replaces a file
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: %w", dst, ErrExists)
	}
	if err != nil { // a file system without links
		if err := absent(dst); err != nil {
			return err
		}
		if err := os.Rename(part, dst); err != nil {
			return err
		}
	}
	return syncFolder(filepath.Dir(dst))
}
