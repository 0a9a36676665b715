package oslock_test

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine/internal/oslock"
)

func TestExcludeNamesTheHolders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := newChild(t, "guard/share", dir), newChild(t, "guard/share", dir)
	a.expect("held")
	b.expect("held")
	own := mustShare(t, dir)

	want := []int{a.pid(), b.pid(), os.Getpid()}
	slices.Sort(want)
	checkHeld(t, dir, want)

	if err := own.Close(); err != nil {
		t.Fatal(err)
	}
	a.kill() // its holder file stays, and says nothing
	checkHeld(t, dir, []int{b.pid()})

	b.kill()
	g, err := oslock.Exclude(dir)
	if err != nil {
		t.Fatalf("Exclude() with nobody left = %v", err)
	}
	for range 2 {
		if err := g.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	}
	checkEntries(t, dir, "schema")
}

func TestShareWaitsForAMigration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	migrator := newChild(t, "guard/exclude", dir)
	migrator.expect("held")
	checkHeld(t, dir, []int{migrator.pid()})

	_, err := oslock.ShareWithin(dir, 30*time.Millisecond)
	held, ok := errors.AsType[*oslock.HeldError](err)
	if !ok || !slices.Equal(held.PIDs, []int{migrator.pid()}) {
		t.Fatalf("Share() during a migration = %v, want a *HeldError that names process %d", err, migrator.pid())
	}

	var wg sync.WaitGroup
	wg.Go(func() {
		time.Sleep(30 * time.Millisecond) // so that Share most likely waits; it may also come late
		migrator.kill()
	})
	mustShare(t, dir)
	wg.Wait()
}

// A holder has its lock a moment before it has its name.
func TestExcludeWaitsForTheNameOfAHolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	unnamed, err := os.Create(filepath.Join(dir, "schema"))
	if err != nil {
		t.Fatal(err)
	}
	defer unnamed.Close()
	if err := syscall.Flock(int(unnamed.Fd()), syscall.LOCK_SH); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	checkHeld(t, dir, nil)
	if waited := time.Since(begun); waited < 200*time.Millisecond {
		t.Errorf("Exclude() gave up after %v, want 200ms", waited)
	}
}

func TestHeldErrorIsReadable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		pids []int
		want string
	}{
		{"two", []int{12, 34}, "the database is in use by process 12, 34"},
		{"unknown", nil, "the database is in use by another process"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := (&oslock.HeldError{PIDs: tt.pids}).Error(); got != tt.want {
				t.Errorf("Error() = %q, want %q", got, tt.want)
			}
		})
	}
}

func playSharer(dir string, say func(string), orders *bufio.Scanner) error {
	return playGuard(oslock.Share, dir, say, orders)
}

func playMigrator(dir string, say func(string), orders *bufio.Scanner) error {
	return playGuard(oslock.Exclude, dir, say, orders)
}

func playGuard(take func(string) (*oslock.Guard, error), dir string, say func(string), orders *bufio.Scanner) error {
	g, err := take(dir)
	if err != nil {
		return err
	}
	say("held")
	orders.Scan()
	return g.Close()
}

func mustShare(t *testing.T, dir string) *oslock.Guard {
	t.Helper()
	g, err := oslock.Share(dir)
	if err != nil {
		t.Fatalf("Share() = %v", err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// checkHeld reports an error unless the schema is held by exactly the processes pids.
func checkHeld(t *testing.T, dir string, pids []int) {
	t.Helper()
	_, err := oslock.Exclude(dir)
	held, ok := errors.AsType[*oslock.HeldError](err)
	if !ok {
		t.Fatalf("Exclude() = %v, want a *HeldError", err)
	}
	if !slices.Equal(held.PIDs, pids) {
		t.Errorf("Exclude() named %v, want %v", held.PIDs, pids)
	}
}
