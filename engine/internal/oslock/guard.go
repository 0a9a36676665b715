package oslock

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	shareWait   = 5 * time.Second        // how long Share waits for a migration
	excludeWait = 200 * time.Millisecond // how long Exclude waits for the name of a holder
	guardPoll   = 5 * time.Millisecond
)

// Guard is a lock on the database's schema: shared by every engine that has the database open,
// exclusive for a migration. The kernel frees it when the process ends.
//
// A Guard is safe for concurrent use. Keep it until Close: once the garbage collector has it, its files
// are closed and the lock is free.
type Guard struct {
	holderPath string

	mu             sync.Mutex // guards what follows
	schema, holder *os.File   // nil after Close
}

// HeldError says that the schema is held by others.
type HeldError struct {
	PIDs []int // ascending; may name this process, and is empty if the holders could not be told
}

func (e *HeldError) Error() string {
	if len(e.PIDs) == 0 {
		return "the database is in use by another process"
	}
	pids := make([]string, len(e.PIDs))
	for i, pid := range e.PIDs {
		pids[i] = strconv.Itoa(pid)
	}
	return "the database is in use by process " + strings.Join(pids, ", ")
}

// Share takes the schema's lock shared. It waits at most five seconds for a migration under way; then
// the error is a *HeldError that names the migrating process. Read the schema's version after Share,
// not before: another process may have migrated while this one waited.
func Share(dir string) (*Guard, error) {
	return share(dir, shareWait)
}

func share(dir string, wait time.Duration) (*Guard, error) {
	g, err := takeSchema(dir, unix.LOCK_SH, func(waited time.Duration, _ []int) bool { return waited < wait })
	if err != nil {
		return nil, fmt.Errorf("share schema: %w", err)
	}
	return g, nil
}

// Exclude takes the schema's lock exclusively. If others hold it the error is a *HeldError. A process
// that holds a Guard closes it first: it would stand in its own way.
func Exclude(dir string) (*Guard, error) {
	// A holder has its lock a moment before it has its name, so an unnamed one is worth a short wait.
	g, err := takeSchema(dir, unix.LOCK_EX, func(waited time.Duration, holders []int) bool {
		return len(holders) == 0 && waited < excludeWait
	})
	if err != nil {
		return nil, fmt.Errorf("exclude others from schema: %w", err)
	}
	return g, nil
}

// Close frees the lock. Closing again does nothing.
func (g *Guard) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.schema == nil {
		return nil
	}
	err := errors.Join(discard(g.holder, g.holderPath), unlock(g.schema), g.schema.Close())
	g.schema, g.holder = nil, nil
	return err
}

// takeSchema takes the lock how, and tries again as long as again says so. It polls, so that a wait that
// has lasted too long leaves no thread behind; it happens once in the life of an engine.
func takeSchema(dir string, how int, again func(waited time.Duration, holders []int) bool) (*Guard, error) {
	schema, err := open(dir, "schema")
	if err != nil {
		return nil, err
	}
	for begun := time.Now(); ; time.Sleep(guardPoll) {
		ok, err := tryLock(schema, how)
		if ok {
			return newGuard(dir, schema)
		}
		var pids []int
		if err == nil {
			pids, err = holders(dir)
		}
		if err == nil && again(time.Since(begun), pids) {
			continue
		}
		if err == nil {
			err = &HeldError{PIDs: pids}
		}
		return nil, errors.Join(err, schema.Close())
	}
}

// newGuard names this process as a holder of the locked file schema.
func newGuard(dir string, schema *os.File) (*Guard, error) {
	// The number makes the name unique for ever: pids come back, and a sweep that found the file of a
	// dead process must not remove that of a living one.
	name := fmt.Sprintf("%s%d-%x", holderPrefix, os.Getpid(), rand.Uint64())
	err := sweep(dir)
	if err == nil {
		var holder *os.File
		if holder, err = create(dir, name, nil); err == nil {
			return &Guard{schema: schema, holder: holder, holderPath: filepath.Join(dir, name)}, nil
		}
	}
	return nil, errors.Join(err, unlock(schema), schema.Close())
}

// holders returns the pids of the processes that hold the schema's lock and have their name in dir.
func holders(dir string) ([]int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), holderPrefix)
		text, _, _ := strings.Cut(rest, "-")
		pid, err := strconv.Atoi(text)
		if !ok || err != nil {
			continue
		}
		held, err := locked(filepath.Join(dir, e.Name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if held {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return slices.Compact(pids), nil
}
