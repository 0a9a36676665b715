package oslock_test

import (
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/durable-wf/wf/engine/internal/oslock"
)

func TestSoleIsOneAtATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	release, ok, err := oslock.Sole(dir, "hook-7")
	if err != nil || !ok {
		t.Fatalf("Sole: %v, %v; want it", ok, err)
	}
	if _, ok, err := oslock.Sole(dir, "hook-7"); ok || err != nil {
		t.Errorf("a second time: %v, %v; want no", ok, err)
	}
	other, ok, err := oslock.Sole(dir, "hook-8")
	if err != nil || !ok {
		t.Fatalf("another deed: %v, %v; want it", ok, err)
	}
	if err := other(); err != nil {
		t.Error(err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v; want nothing", left, err)
	}
	if _, _, err := oslock.Sole(dir, "../x"); err == nil {
		t.Error("a path was taken for a name")
	}
}

// Many take the same deed in turn; the files that they remove confuse nobody.
func TestSoleUnderContention(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var inside, done atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for n := 0; n < 50; {
				release, ok, err := oslock.Sole(dir, "deed")
				if err != nil {
					t.Error(err)
					return
				}
				if !ok {
					continue
				}
				if inside.Add(1) != 1 {
					t.Error("two at a time")
				}
				inside.Add(-1)
				if err := release(); err != nil {
					t.Error(err)
				}
				n++
				done.Add(1)
			}
		})
	}
	wg.Wait()
	if done.Load() != 400 {
		t.Errorf("done %d times, want 400", done.Load())
	}
}
