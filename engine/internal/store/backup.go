package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	queries "github.com/durable-wf/wf/sql"
)

// ErrExists says that the destination of a backup is there already: nothing is overwritten.
var ErrExists = errors.New("file exists already")

// refreshEvery is how often a backup lets the files that it has still to copy count as new, so that they
// are not collected. It is much less than the age from which they would be.
const refreshEvery = 10 * time.Minute

// Backup writes a copy of the database to a new file at dst, as it is at one moment, while others
// write, a copy of its large payloads to the folder dst-files, and one of its runs' folders to dst-runs. The copy is complete and durable when
// Backup returns, or dst does not exist; only its owner may read it. It returns ErrExists if there is
// something at dst. While the database is copied the WAL cannot be reset.
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
	damage, err := s.holdFiles(ctx)
	if err != nil {
		return err
	}
	if err := s.vacuumInto(ctx, part); err != nil {
		return s.failure("backup", err)
	}
	if err := copyFolder(foldersOf(s.path), foldersOf(dst)); err != nil {
		return wrap("backup", dst, err)
	}
	return wrap("backup", dst, s.backupFiles(ctx, part, dst, damage))
}

// holdFiles keeps the files that rows name now from being collected for an hour, even if the rows
// change, and returns the names of those that are missing. What a row names later is newer.
func (s *Store) holdFiles(ctx context.Context) (missing []string, err error) {
	texts, err := list[string](ctx, s, "files of payloads", queries.FilesNamed)
	if err != nil {
		return nil, err
	}
	return s.files.refresh(filesIn(texts)), nil
}

// backupFiles copies the files that rows of part name, and then gives part the name dst.
func (s *Store) backupFiles(ctx context.Context, part, dst string, damage []string) (err error) {
	db, err := sql.Open("sqlite", dsn(part, "mode=ro"))
	if err != nil {
		return err
	}
	var texts []string
	err = errors.Join(sqlx.NewDb(db, "sqlite").SelectContext(ctx, &texts, queries.FilesNamed), db.Close())
	if err != nil {
		return err
	}
	to := filesOf(dst)
	if absent(to.dir) == nil { // else a backup was interrupted: it is gone on with
		defer func() {
			if err != nil {
				err = errors.Join(err, os.RemoveAll(to.dir))
			}
		}()
	}
	if err := s.copyFiles(ctx, to, filesIn(texts), damage); err != nil {
		return err
	}
	return publish(part, dst)
}

// copyFiles copies files of payloads as they are. That some are damaged does not keep the rest from being
// copied: it is logged, and a check of the copy finds it. The same holds for those that were missing
// before; that another one is missing is an error.
func (s *Store) copyFiles(ctx context.Context, to payloadFiles, names, missing []string) error {
	refreshed := time.Now()
	for i, name := range names {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if time.Since(refreshed) > refreshEvery {
			s.files.refresh(names[i:])
			refreshed = time.Now()
		}
		err := s.copyFile(to, name)
		if errors.Is(err, fs.ErrNotExist) && slices.Contains(missing, name) {
			s.log.ErrorContext(ctx, "a large payload cannot be copied", slog.Any("error", err))
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) copyFile(to payloadFiles, name string) error {
	path, err := s.files.path(name)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return unreadable(name, err)
	}
	defer file.Close() //nolint:errcheck // it has only read
	return to.add(name, file)
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
