// Package oslock is what the processes that share one database file tell each other through the
// operating system: whose turn it is to write, who is alive, who uses the schema, and that there is
// something new to look at. It carries no data and promises nothing durable: what is true is in the
// database, and every file here may be lost in a power cut.
//
// # The folder
//
// All files live in one folder beside the database, mode 0700, the files 0600:
//
//	wf.db
//	wf.db-locks/
//	├── next               flock: the one writer that is first in line
//	├── turn               flock: the one writer that is in its transaction; holds the pid of the newest as text
//	├── worker-NAME.lock   flock, exclusive, as long as worker NAME lives; holds its heartbeat counter
//	├── schema             flock: shared by every engine, exclusive for a migration
//	├── holder-PID-N       flock, exclusive: who holds schema, so that it can be named
//	├── sole-NAME          flock, exclusive, while somebody does what NAME stands for
//	├── bell               no lock: a byte is written to wake those who watch it
//	└── new-N              a worker or holder file that is not yet locked, hence not yet named
//
// next, turn, schema and bell are never removed while the database is in use: a lock belongs to the
// file, not to its name, so a second file of the same name would be a second lock.
//
// # The locks
//
// All locks are flock(2). The kernel frees them when their process ends, however it ends, so a
// crashed process leaves nothing to time out; what it leaves is the files, and a file that nobody has
// locked is swept by whoever comes next. A file that proves its owner's life is locked first and named
// afterwards, so nobody ever sees it unlocked while its owner lives.
//
// A flock belongs to the open file, so two handles in one process exclude each other as two
// processes do. A process that waits for one blocks in the kernel, which wakes it within microseconds;
// nothing here polls, but for the start of an engine during a migration.
//
// The package never opens the database file: a plain open and close would drop the POSIX locks that
// SQLite holds on it in the same process.
package oslock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	workerPrefix = "worker-"
	workerSuffix = ".lock"
	holderPrefix = "holder-"
	unbornPrefix = "new-"
)

// birth is longer than any file needs from its creation to its lock. An unborn file older than this
// that nobody has locked was left by a crash.
const birth = time.Minute

// Folder returns the lock folder of the database file db: the canonical path of db, with symbolic
// links resolved, and "-locks". Every process that reaches the file, by whatever path but a hard link,
// gets the same folder. Neither the file nor the folder needs to exist, but the folder that the
// database is in does.
func Folder(db string) (string, error) {
	abs, err := filepath.Abs(db)
	if err != nil {
		return "", fmt.Errorf("lock folder of %s: %w", db, err)
	}
	file, err := filepath.EvalSymlinks(abs)
	if errors.Is(err, fs.ErrNotExist) {
		var parent string
		parent, err = filepath.EvalSymlinks(filepath.Dir(abs))
		file = filepath.Join(parent, filepath.Base(abs))
	}
	if err != nil {
		return "", fmt.Errorf("lock folder of %s: %w", db, err)
	}
	return file + "-locks", nil
}

// makeFolder creates dir if it is missing. It does not create the folder above it.
func makeFolder(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("lock folder: %w", err)
	}
	return nil
}

// open opens one of the lasting files of dir for reading and writing, and creates it and dir on demand.
func open(dir, name string) (*os.File, error) {
	if err := makeFolder(dir); err != nil {
		return nil, err
	}
	return os.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE, 0o600)
}

// sweep removes what crashed processes left in dir: the files that prove a life and that nobody has
// locked. Removing them says nothing new, since a missing file and an unlocked one both mean dead.
func sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("sweep lock folder: %w", err)
	}
	for _, e := range entries {
		if !abandoned(dir, e) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("sweep lock folder: %w", err)
		}
	}
	return nil
}

// abandoned reports whether e is certainly the leftover of a dead process. When in doubt it says no:
// the file is then looked at again by the next sweep.
func abandoned(dir string, e fs.DirEntry) bool {
	switch name := e.Name(); {
	case strings.HasPrefix(name, holderPrefix), strings.HasPrefix(name, solePrefix):
	case strings.HasPrefix(name, workerPrefix) && strings.HasSuffix(name, workerSuffix):
	case strings.HasPrefix(name, unbornPrefix):
		if info, err := e.Info(); err != nil || time.Since(info.ModTime()) < birth {
			return false
		}
	default:
		return false
	}
	held, err := locked(filepath.Join(dir, e.Name()))
	return err == nil && !held
}
