package store

import (
	"context"
	"errors"
	"log/slog"

	"github.com/durable-wf/wf/engine/internal/oslock"
)

// Schema returns the number of the newest migration that was applied to the file, and of the newest
// that this program has. It never writes.
func Schema(ctx context.Context, path string) (have, want int64, err error) {
	s, err := openOutside(ctx, path)
	if err != nil {
		return 0, 0, err
	}
	defer s.Close() //nolint:errcheck // it has only read
	return s.versions(ctx)
}

// Migrate brings the file to the schema of the migration with number version, up or down; going down
// may delete data. The error is an *oslock.HeldError while another process has the file open.
func Migrate(ctx context.Context, path string, version int64) error {
	s, err := openOutside(ctx, path)
	if err != nil {
		return err
	}
	alone, err := oslock.Exclude(s.lockDir)
	if err != nil {
		return errors.Join(s.failure("migrate", err), s.Close())
	}
	err = s.migrateTo(ctx, version)
	return errors.Join(s.failure("migrate", err), alone.Close(), s.Close())
}

// openOutside opens the readers of an existing file, whatever its schema.
func openOutside(ctx context.Context, path string) (*Store, error) {
	o := Options{Path: path, Logger: slog.New(slog.DiscardHandler), AllowNetwork: true}
	if err := lockByDescription(o.Logger); err != nil {
		return nil, wrap("open", path, err)
	}
	path, err := locate(&o)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, log: o.Logger, archives: true}
	if s.lockDir, err = oslock.Folder(path); err != nil {
		return nil, wrap("open", path, err)
	}
	s.read, err = openReaders(ctx, path)
	return s, wrap("open", path, err)
}

// versions is Schema. A file that is not ours has none.
func (s *Store) versions(ctx context.Context) (have, want int64, err error) {
	err = s.checkSchema(ctx)
	if err != nil && !errors.Is(err, ErrSchemaTooOld) && !errors.Is(err, ErrSchemaTooNew) {
		return 0, 0, err
	}
	now, err := s.readSchema(ctx)
	if err != nil {
		return 0, 0, s.failure("open", err)
	}
	want, err = newestVersion()
	return now.version, want, err
}

func (s *Store) migrateTo(ctx context.Context, version int64) error {
	have, newest, err := s.versions(ctx)
	switch {
	case err != nil:
		return err
	case version < 0 || version > newest || have > newest:
		return &Error{Path: s.path, Kind: ErrSchemaTooNew, Err: errors.New("this program does not have that migration")}
	case version == newest:
		return s.migrate(ctx)
	}
	db, err := openWriter(ctx, s.path, nil)
	if err != nil {
		return err
	}
	provider, err := newProvider(db)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	if version > have {
		_, err = provider.UpTo(ctx, version)
	} else {
		_, err = provider.DownTo(ctx, version)
	}
	return errors.Join(err, db.Close())
}
