package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"time"
)

// lookEvery is how often the file is looked at: one stat and one pragma.
const lookEvery = time.Second

// startWatch starts the goroutine that looks at the file every second and, in a store that writes, those that
// collect files and delete leftovers. Close stops them and waits.
func (s *Store) startWatch(ctx context.Context) error {
	conn, err := s.read.Conn(ctx)
	if err != nil {
		return s.failure("open", err)
	}
	watch, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stopWatch = stop
	seen := dataVersion(ctx, conn) // now, so that the first look tells of what others commit meanwhile
	s.watching.Go(func() {
		defer conn.Close() //nolint:errcheck // it has only read
		s.look(watch, conn, seen)
	})
	if s.writer != nil {
		s.watching.Go(func() { s.keepCollecting(watch) })
		s.watching.Go(func() { s.keepSweeping(watch) })
	}
	return nil
}

func (s *Store) look(ctx context.Context, conn *sql.Conn, seen int64) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if s.writer != nil && !s.writer.gone.Load() && !s.present() {
			s.writer.setGone()
			s.notify() // whoever sleeps finds out that nothing more can be written
		}
		if now := dataVersion(ctx, conn); now != seen {
			seen = now
			s.notify()
		}
	}
}

// present reports whether the path still leads to the file that was opened. What was written to a
// file without a name would be lost with the last process that has it open.
func (s *Store) present() bool {
	info, err := os.Stat(s.path)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist) // what cannot be seen need not be gone
	}
	return os.SameFile(info, s.file)
}

func (s *Store) notify() {
	select {
	case s.watch <- struct{}{}:
	default: // one is waiting already
	}
}

// dataVersion changes when another connection has committed. It is 0 when it cannot be read.
func dataVersion(ctx context.Context, conn *sql.Conn) (version int64) {
	if conn.QueryRowContext(ctx, "PRAGMA data_version").Scan(&version) != nil {
		return 0
	}
	return version
}
