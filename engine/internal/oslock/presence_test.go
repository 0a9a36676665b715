package oslock_test

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine/internal/oslock"
)

func TestPresenceIsKnownUntilItIsClosed(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "wf.db-locks")
	checkAlive(t, dir, "w", false) // not even the folder is there
	p, err := oslock.Announce(dir, "w")
	if err != nil {
		t.Fatal(err)
	}
	checkAlive(t, dir, "w", true)
	checkMode(t, dir, 0o700)
	checkMode(t, filepath.Join(dir, "worker-w.lock"), 0o600)
	if _, err := oslock.Announce(dir, "w"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Announce() of a name in use = %v, want fs.ErrExist", err)
	}
	if err := oslock.Sweep(dir, "w"); err == nil {
		t.Error("Sweep() of a living worker = nil, want an error")
	}
	checkAlive(t, dir, "w", true)
	for range 2 {
		if err := p.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	}
	checkAlive(t, dir, "w", false)
	checkEntries(t, dir)
	if err := p.Beat(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Beat() after Close() = %v, want os.ErrClosed", err)
	}
}

func TestPresenceRefusesBadNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"", "a/b", "../w", "a\x00"} {
		_, announce := oslock.Announce(dir, name)
		_, alive := oslock.Alive(dir, name)
		_, beat := oslock.Heartbeat(dir, name)
		for call, err := range map[string]error{
			"Announce": announce, "Alive": alive, "Heartbeat": beat,
			"AwaitDeath": oslock.AwaitDeath(t.Context(), dir, name), "Sweep": oslock.Sweep(dir, name),
		} {
			if err == nil {
				t.Errorf("%s(%q) = nil, want an error", call, name)
			}
		}
	}
}

func TestPresenceBeats(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := mustAnnounce(t, dir, "w")
	for want := range uint64(1000) {
		if got, err := oslock.Heartbeat(dir, "w"); err != nil || got != want {
			t.Fatalf("Heartbeat() = %d, %v, want %d", got, err, want)
		}
		if err := p.Beat(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := oslock.Heartbeat(dir, "nobody"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Heartbeat() of an unknown worker = %v, want fs.ErrNotExist", err)
	}
}

// P6: a dead owner is noticed at once.
func TestPresenceEndsWithAKilledProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	worker := newChild(t, "presence", dir)
	name := worker.says()
	checkAlive(t, dir, name, true)
	if got, err := oslock.Heartbeat(dir, name); err != nil || got != 3 {
		t.Errorf("Heartbeat() = %d, %v, want 3", got, err)
	}
	noticed := make(chan time.Time, 1)
	go func() {
		if err := oslock.AwaitDeath(t.Context(), dir, name); err != nil {
			t.Errorf("AwaitDeath() = %v", err)
		}
		noticed <- time.Now()
	}()
	select {
	case <-noticed:
		t.Fatal("AwaitDeath() returned while the worker lived")
	case <-time.After(20 * time.Millisecond):
	}
	begun := time.Now()
	worker.kill()
	took := (<-noticed).Sub(begun)
	t.Logf("death noticed %v after the kill began", took)
	if took > 5*time.Second {
		t.Errorf("death noticed after %v", took)
	}
	checkAlive(t, dir, name, false) // the file is still there
	checkEntries(t, dir, "worker-"+name+".lock")
	for range 2 {
		if err := oslock.Sweep(dir, name); err != nil {
			t.Errorf("Sweep() = %v", err)
		}
	}
	checkEntries(t, dir)
	if err := oslock.AwaitDeath(t.Context(), dir, name); err != nil {
		t.Errorf("AwaitDeath() of a swept worker = %v", err)
	}
}

func TestAwaitDeathEndsWithItsContext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := mustAnnounce(t, dir, "w")
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(10*time.Millisecond, func() { cancel(cause) })
	if err := oslock.AwaitDeath(ctx, dir, "w"); !errors.Is(err, cause) {
		t.Errorf("AwaitDeath() = %v, want the cause of its context", err)
	}
	if err := p.Close(); err != nil { // and the goroutine left behind ends, as the leak check proves
		t.Fatal(err)
	}
	if err := oslock.AwaitDeath(ctx, dir, "w"); !errors.Is(err, cause) {
		t.Errorf("AwaitDeath() with an ended context = %v, want its cause", err)
	}
}

// A worker is never taken for dead, from the instant its file has its name, however many ask and wait.
func TestPresenceIsNeverTakenForDead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, "worker-"+name+".lock") }
	for i := range 100 {
		name := string(rune('a'+i%26)) + string(rune('a'+i/26))
		var probes sync.WaitGroup
		left := make(chan struct{})
		for range 3 {
			probes.Go(func() {
				for seen := false; ; {
					select {
					case <-left:
						return
					default:
					}
					if _, err := os.Stat(path(name)); err != nil && !seen {
						continue
					}
					seen = true
					if alive, err := oslock.Alive(dir, name); err != nil || !alive {
						t.Errorf("Alive(%s) = %v, %v of a living worker", name, alive, err)
						return
					}
				}
			})
		}
		p, err := oslock.Announce(dir, name)
		if err != nil {
			t.Errorf("Announce(%s) = %v", name, err)
		}
		for range 20 {
			checkAlive(t, dir, name, true)
		}
		close(left)
		probes.Wait()
		if p == nil {
			return
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Probes of a dead worker do not take each other for the worker.
func TestProbesDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	worker := newChild(t, "presence", dir)
	name := worker.says()
	worker.kill()
	probe, err := os.Open(filepath.Join(dir, "worker-"+name+".lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer probe.Close()
	if err := syscall.Flock(int(probe.Fd()), syscall.LOCK_SH); err != nil {
		t.Fatal(err)
	}
	checkAlive(t, dir, name, false)
	if err := oslock.AwaitDeath(t.Context(), dir, name); err != nil {
		t.Errorf("AwaitDeath() = %v", err)
	}
}

func TestAnnounceSweepsWhatCrashesLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	living := newChild(t, "presence", dir)
	name := living.says()
	old := time.Now().Add(-time.Hour)
	for file, made := range map[string]time.Time{
		"worker-dead.lock": time.Now(), "holder-99-1": time.Now(),
		"new-1": old, "new-2": time.Now(), // new-2 may be about to be locked
		"other": old,
	} {
		if err := os.WriteFile(filepath.Join(dir, file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(dir, file), made, made); err != nil {
			t.Fatal(err)
		}
	}
	mustAnnounce(t, dir, "w")
	checkEntries(t, dir, "new-2", "other", "worker-"+name+".lock", "worker-w.lock")
	checkAlive(t, dir, name, true)
}

// playWorker announces a worker, says its name and beats thrice.
func playWorker(dir string, say func(string), orders *bufio.Scanner) error {
	p, err := oslock.Announce(dir, "killed")
	if err != nil {
		return err
	}
	for range 3 {
		if err := p.Beat(); err != nil {
			return err
		}
	}
	say("killed")
	orders.Scan()
	return p.Close()
}

func BenchmarkAlive(b *testing.B) {
	dir := b.TempDir()
	mustAnnounce(b, dir, "w")
	for b.Loop() {
		if alive, err := oslock.Alive(dir, "w"); err != nil || !alive {
			b.Fatal(alive, err)
		}
	}
}

func BenchmarkBeat(b *testing.B) {
	p := mustAnnounce(b, b.TempDir(), "w")
	for b.Loop() {
		if err := p.Beat(); err != nil {
			b.Fatal(err)
		}
	}
}

func mustAnnounce(t testing.TB, dir, name string) *oslock.Presence {
	t.Helper()
	p, err := oslock.Announce(dir, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func checkAlive(t testing.TB, dir, name string, want bool) {
	t.Helper()
	if got, err := oslock.Alive(dir, name); err != nil || got != want {
		t.Errorf("Alive(%s) = %v, %v, want %v", name, got, err, want)
	}
}

// What is left of a presence that is abandoned is what is left of one whose process was killed.
func TestAbandonedPresence(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, err := oslock.Announce(dir, "w1")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.Abandon(), p.Abandon(), p.Close()); err != nil {
		t.Errorf("Abandon: %v", err)
	}
	if alive, err := oslock.Alive(dir, "w1"); err != nil || alive {
		t.Errorf("Alive = %v, %v, want false", alive, err)
	}
	if _, err := oslock.Heartbeat(dir, "w1"); err != nil {
		t.Errorf("its file is gone: %v", err)
	}
	if err := p.Beat(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Beat = %v, want os.ErrClosed", err)
	}
	if err := oslock.AwaitDeath(t.Context(), dir, "w1"); err != nil {
		t.Errorf("AwaitDeath: %v", err)
	}
}
