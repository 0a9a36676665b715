package oslock_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine/internal/oslock"
)

func TestTurnExcludesGoroutinesAndHandles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	turns := []*oslock.Turn{newTurn(t, dir), newTurn(t, dir)} // two handles count as two processes
	var inside, total atomic.Int32                            // atomic for the race detector, which knows nothing of flock
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			for range 200 {
				turn := turns[i%len(turns)]
				if err := turn.Take(t.Context(), nil); err != nil {
					t.Errorf("Take() = %v", err)
					return
				}
				if n := inside.Add(1); n != 1 {
					t.Errorf("%d in their turn at once", n)
				}
				total.Add(1)
				inside.Add(-1)
				if err := turn.Give(); err != nil {
					t.Errorf("Give() = %v", err)
				}
			}
		})
	}
	wg.Wait()
	if n := total.Load(); n != 1200 {
		t.Errorf("%d turns counted, want 1200", n)
	}
}

func TestTurnPassesOnWhenItsHolderIsKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	turn := newTurn(t, dir)
	holder := newChild(t, "turn/hold", dir)
	holder.expect("mine")

	ended := time.Now()
	turn.SetReports(time.Millisecond, time.Hour)
	err := turn.Take(t.Context(), func(int) {
		ended = time.Now()
		holder.kill()
	})
	if err != nil {
		t.Fatalf("Take() after the holder was killed = %v", err)
	}
	t.Logf("took the turn %v after the kill began", time.Since(ended))
	mustGive(t, turn)
}

func TestTurnNamesWhoKeepsItWaiting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	turn := newTurn(t, dir)
	holder := newChild(t, "turn/hold", dir)
	holder.expect("mine")

	var pids []int
	turn.SetReports(5*time.Millisecond, 2*time.Millisecond)
	err := turn.Take(t.Context(), func(pid int) {
		if pids = append(pids, pid); len(pids) == 3 {
			holder.dismiss()
		}
	})
	if err != nil {
		t.Fatalf("Take() = %v", err)
	}
	if want := []int{holder.pid(), holder.pid(), holder.pid()}; !slices.Equal(pids[:3], want) {
		t.Errorf("reported %v, want the holder's pid %d thrice", pids, holder.pid())
	}
	mustGive(t, turn)
}

func TestTurnNamesAStoppedProcessThatIsFirstInLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	turn, other := newTurn(t, dir), newTurn(t, dir)
	mustTake(t, turn)
	queuer := newChild(t, "turn/queue", dir)
	queuer.expect("waits for me") // it is first in line now
	if err := syscall.Kill(queuer.pid(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	awaitStopped(t, queuer)
	mustGive(t, turn)

	var got int
	other.SetReports(5*time.Millisecond, time.Hour)
	err := other.Take(t.Context(), func(pid int) {
		got = pid
		queuer.kill()
	})
	if err != nil {
		t.Fatalf("Take() = %v", err)
	}
	if got != queuer.pid() {
		t.Errorf("reported %d, want the stopped process %d", got, queuer.pid())
	}
	mustGive(t, other)
}

func TestTurnReportsAfterTwoSeconds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	holder, turn := newTurn(t, dir), newTurn(t, dir)
	mustTake(t, holder)
	begun := time.Now()
	err := turn.Take(t.Context(), func(pid int) {
		if waited := time.Since(begun); waited < 2*time.Second {
			t.Errorf("reported after %v, want 2s", waited)
		}
		if pid != os.Getpid() {
			t.Errorf("reported %d, want this process %d", pid, os.Getpid())
		}
		mustGive(t, holder)
	})
	if err != nil {
		t.Fatalf("Take() = %v", err)
	}
	mustGive(t, turn)
}

func TestTurnTakeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	holder, turn := newTurn(t, dir), newTurn(t, dir)
	mustTake(t, holder)
	cause := errors.New("enough")
	for range 3 { // each joins the wait that the first left behind
		ctx, cancel := context.WithCancelCause(t.Context())
		turn.SetReports(5*time.Millisecond, time.Hour)
		if err := turn.Take(ctx, func(int) { cancel(cause) }); !errors.Is(err, cause) {
			t.Fatalf("Take() = %v, want the cause of its context", err)
		}
	}
	mustGive(t, holder)
	mustTake(t, turn) // joins it too, or comes after it
	mustGive(t, turn)
	mustTake(t, holder) // the wait left behind holds nothing
	mustGive(t, holder)
}

func TestTurnLeftBehindIsPassedOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	holder, turn := newTurn(t, dir), newTurn(t, dir)
	mustTake(t, holder)
	ctx, cancel := context.WithCancel(t.Context())
	turn.SetReports(5*time.Millisecond, time.Hour)
	if err := turn.Take(ctx, func(int) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Fatalf("Take() = %v, want context.Canceled", err)
	}
	mustGive(t, holder)
	mustTake(t, holder) // at the latest when the wait left behind has passed the turn on
	mustGive(t, holder)
}

func TestTurnCanBeClosedWhileAWaitIsLeftBehind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	holder, turn := newTurn(t, dir), newTurn(t, dir)
	mustTake(t, holder)
	ctx, cancel := context.WithCancel(t.Context())
	turn.SetReports(5*time.Millisecond, time.Hour)
	if err := turn.Take(ctx, func(int) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Fatalf("Take() = %v, want context.Canceled", err)
	}
	if err := turn.Close(); err != nil { // the wait goes on, and closes the files when it is over
		t.Fatal(err)
	}
	mustGive(t, holder)
	mustTake(t, holder)
	mustGive(t, holder)
}

func TestTurnRefuses(t *testing.T) {
	t.Parallel()
	turn := newTurn(t, t.TempDir())
	if err := turn.Give(); err == nil {
		t.Error("Give() without Take() = nil, want an error")
	}
	cause := errors.New("over")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if err := turn.Take(ctx, nil); !errors.Is(err, cause) {
		t.Errorf("Take() with an ended context = %v, want its cause", err)
	}
	for range 2 {
		if err := turn.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	}
	if err := turn.Take(t.Context(), nil); err == nil {
		t.Error("Take() after Close() = nil, want an error")
	}
}

// playHolder takes the turn and keeps it until it is dismissed.
func playHolder(dir string, say func(string), orders *bufio.Scanner) error {
	turn, err := oslock.OpenTurn(dir)
	if err != nil {
		return err
	}
	if err := turn.Take(context.Background(), nil); err != nil {
		return err
	}
	say("mine")
	orders.Scan()
	return turn.Give()
}

// playQueuer waits for a turn that another has, and says so.
func playQueuer(dir string, say func(string), _ *bufio.Scanner) error {
	turn, err := oslock.OpenTurn(dir)
	if err != nil {
		return err
	}
	turn.SetReports(20*time.Millisecond, time.Hour)
	return turn.Take(context.Background(), func(int) { say("waits for me") })
}

func BenchmarkTurn(b *testing.B) {
	turn := newTurn(b, b.TempDir())
	b.ReportAllocs()
	for b.Loop() {
		mustTake(b, turn)
		mustGive(b, turn)
	}
}

// BenchmarkTurnContended measures empty turns beside a process whose turns last 100 µs. An empty turn is
// shorter than it takes to wake the other, so several of them fit between two of its turns.
func BenchmarkTurnContended(b *testing.B) {
	dir := b.TempDir()
	turn := newTurn(b, dir)
	newChild(b, "turn/saturate", dir).expect("begun")
	for b.Loop() {
		mustTake(b, turn)
		mustGive(b, turn)
	}
}

func newTurn(t testing.TB, dir string) *oslock.Turn {
	t.Helper()
	turn, err := oslock.OpenTurn(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := turn.Close(); err != nil {
			t.Error(err)
		}
	})
	return turn
}

func mustTake(t testing.TB, turn *oslock.Turn) {
	t.Helper()
	if err := turn.Take(context.WithoutCancel(t.Context()), nil); err != nil {
		t.Fatalf("Take() = %v", err)
	}
}

func mustGive(t testing.TB, turn *oslock.Turn) {
	t.Helper()
	if err := turn.Give(); err != nil {
		t.Errorf("Give() = %v", err)
	}
}

// awaitStopped returns when the kernel has stopped the child.
func awaitStopped(t *testing.T, c *child) {
	t.Helper()
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(c.pid(), &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatalf("wait for child to stop: %v, status %v", err, status)
	}
}

// A process that writes alone writes its name once, and another finds its own there while it has the turn.
func TestTurnIsSignedOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	turn := newTurn(t, dir)
	name := filepath.Join(dir, "turn")
	round := func() { mustTake(t, turn); mustGive(t, turn) }
	round()
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(name, long, long); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		round()
	}
	if info, err := os.Stat(name); err != nil || !info.ModTime().Equal(long) {
		t.Errorf("the file was written again: %v, %v", info.ModTime(), err)
	}
	holder := newChild(t, "turn/hold", dir)
	holder.expect("mine")
	if text, err := os.ReadFile(name); err != nil || strings.TrimSpace(string(text)) != strconv.Itoa(holder.pid()) {
		t.Errorf("the file names %q, %v, want %d", text, err, holder.pid())
	}
	holder.dismiss()
	round()
	if text, err := os.ReadFile(name); err != nil || strings.TrimSpace(string(text)) != strconv.Itoa(os.Getpid()) {
		t.Errorf("the file names %q, %v, want this process %d", text, err, os.Getpid())
	}
}
