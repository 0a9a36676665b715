//go:build unix

package wf_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// Runs that execute hardly notice that others are pruned, here or by another process, and the file becomes smaller.
func TestScalePruneStallsNobody(t *testing.T) {
	together(t)
	for _, tt := range []struct {
		name  string
		prune func(t *testing.T, eng *engine.Engine, path string)
	}{
		{"here", func(t *testing.T, eng *engine.Engine, _ string) {
			removed, err := eng.Prune(t.Context(), engine.Retention{})
			if err != nil || removed.Runs < int64(*scaleRuns) {
				t.Errorf("Prune = %+v, %v, want %d runs or more", removed, err, *scaleRuns)
			}
		}},
		{"by another process", func(t *testing.T, _ *engine.Engine, path string) {
			out, err := exec.Command(wf(t), "prune", "--db", path, "--older-than", "0s").CombinedOutput()
			t.Logf("%s", out)
			if err != nil {
				t.Error(err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wf(t) // built before anything is measured
			path := copied(t, scaleFile(t, "ended", fillEnded))
			var watch stopwatch
			eng := openScale(t, path, engine.Observer{StepStarted: watch.step})
			alone := watch.beside(t, eng, func() { time.Sleep(scaleQuiet()) })
			size := sizeOf(t, path)
			begun := time.Now()
			during := watch.beside(t, eng, func() { tt.prune(t, eng, path) })
			took := time.Since(begun)
			if _, err := eng.Prune(t.Context(), engine.Retention{}); err != nil { // of the measured run, and the log is written back
				t.Fatal(err)
			}
			during.report(t, "a transition while runs are pruned")
			alone.report(t, "a transition before")
			t.Logf("pruned in %v; the file had %d MB and has %d MB", took, size>>20, sizeOf(t, path)>>20)
			if p50, p99 := during.at(0.5), during.at(0.99); *scaleRuns >= campaign && p99 > 5*p50 {
				t.Errorf("p99 of a transition is %v, more than five times the median of %v", p99, p50)
			}
			if left := sizeOf(t, path); *scaleRuns >= campaign && left > size/3 {
				t.Errorf("the file still has %d of %d bytes", left, size)
			}
		})
	}
}

func scaleQuiet() time.Duration {
	if *scaleRuns < campaign {
		return 10 * time.Millisecond
	}
	return 5 * time.Second
}

// stopwatch measures the time from one step of a run to the next, which is a transition, of one run at a time.
type stopwatch struct {
	run  int64
	last time.Time
	list []time.Duration
}

func (w *stopwatch) step(ref engine.Ref) {
	now := time.Now()
	if ref.ID == w.run {
		w.list = append(w.list, now.Sub(w.last))
	}
	w.run, w.last = ref.ID, now
}

// beside measures the transitions of runs that execute, one at a time, as long as fn does.
func (w *stopwatch) beside(t *testing.T, eng *engine.Engine, fn func()) latencies {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var loop sync.WaitGroup
	loop.Go(func() {
		for ctx.Err() == nil {
			if _, err := ticking.Run(t.Context(), eng, tick{N: 200}, nil); err != nil {
				t.Error(err)
				return
			}
		}
	})
	fn()
	stop()
	loop.Wait()
	list := w.list
	w.list = nil
	return latencies{list}
}

// latencies are how long transitions took.
type latencies struct{ list []time.Duration }

func (l latencies) at(part float64) time.Duration {
	if len(l.list) == 0 {
		return 0
	}
	slices.Sort(l.list)
	return l.list[int(part*float64(len(l.list)-1))]
}

func (l latencies) report(t *testing.T, what string) {
	t.Helper()
	t.Logf("%s: p50 %v, p99 %v, p99.9 %v, longest %v, of %d", what, l.at(0.5), l.at(0.99), l.at(0.999), l.at(1), len(l.list))
}

// copied returns the path of a copy of a database that nobody has open.
func copied(t *testing.T, path string) string {
	t.Helper()
	from, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.Create(filepath.Join(t.TempDir(), filepath.Base(path)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return to.Name()
}

func sizeOf(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
