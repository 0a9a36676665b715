package oslock_test

import (
	"bufio"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine/internal/oslock"
)

func TestBellWakesAnotherProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bell := newBell(t, dir)
	watcher := newChild(t, "bell/watch", dir)
	watcher.expect("armed")
	var took []time.Duration
	for range 50 {
		begun := time.Now()
		mustRing(t, bell)
		watcher.expect("rung")
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	t.Logf("ring to answer through a pipe: p50 %v, max %v", took[25], took[49])
	if took[25] > 100*time.Millisecond {
		t.Errorf("half of the rings took longer than %v, want 100ms", took[25])
	}
}

func TestBellCoalescesRings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bell := newBell(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	rung := mustWatch(ctx, t, bell)
	other := mustWatch(ctx, t, bell) // hears the same rings, so it tells when they are through
	for range 1000 {
		mustRing(t, bell)
	}
	<-other
	<-rung
	quiet(other)
	// The rings that came while nobody looked are one; a few may have come while we looked.
	if n := quiet(rung); n > 1 {
		t.Errorf("%d rings waited after the first was received, want them coalesced", n)
	}
	mustRing(t, bell)
	<-rung // and the next one is heard

	mustRing(t, bell)
	cancel()
	for range rung { // at most one more, then closed
	}
	for range other {
	}
}

func TestBellDoesNotHearOtherFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bell := newBell(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	rung := mustWatch(ctx, t, bell)
	turn, worker := newTurn(t, dir), mustAnnounce(t, dir, "w")
	for range 20 {
		mustTake(t, turn)
		mustGive(t, turn)
		if err := worker.Beat(); err != nil {
			t.Fatal(err)
		}
	}
	if n := quiet(rung); n != 0 {
		t.Errorf("the bell rang %d times for turns and heartbeats", n)
	}
}

func TestBellAfterClose(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bell, closed := newBell(t, dir), newBell(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	rung := mustWatch(ctx, t, closed)
	for range 2 {
		if err := closed.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	}
	if err := closed.Ring(); err == nil {
		t.Error("Ring() after Close() = nil, want an error")
	}
	mustRing(t, bell)
	<-rung // a watch outlives the bell it came from
}

// playWatcher says when the bell has rung.
func playWatcher(dir string, say func(string), orders *bufio.Scanner) error {
	bell, err := oslock.OpenBell(dir)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	rung, err := bell.Watch(ctx)
	if err != nil {
		cancel()
		return err
	}
	go func() { orders.Scan(); cancel() }()
	say("armed")
	for range rung {
		say("rung")
	}
	return bell.Close()
}

func BenchmarkRing(b *testing.B) {
	dir := b.TempDir()
	bell := newBell(b, dir)
	mustWatch(b.Context(), b, bell)
	b.ReportAllocs()
	for b.Loop() {
		mustRing(b, bell)
	}
}

func newBell(t testing.TB, dir string) *oslock.Bell {
	t.Helper()
	bell, err := oslock.OpenBell(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := bell.Close(); err != nil {
			t.Error(err)
		}
	})
	return bell
}

func mustWatch(ctx context.Context, t testing.TB, bell *oslock.Bell) <-chan struct{} {
	t.Helper()
	rung, err := bell.Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return rung
}

func mustRing(t testing.TB, bell *oslock.Bell) {
	t.Helper()
	if err := bell.Ring(); err != nil {
		t.Fatal(err)
	}
}

// quiet counts what rung receives until nothing has come for 50 ms.
func quiet(rung <-chan struct{}) int {
	for n := 0; ; n++ {
		select {
		case <-rung:
		case <-time.After(50 * time.Millisecond):
			return n
		}
	}
}
