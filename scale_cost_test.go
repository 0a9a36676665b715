//go:build unix

package wf_test

import (
	"cmp"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// What a transition costs does not depend on what is in the file. Each file is measured in turns with an empty one.
func TestScaleCostStaysFlat(t *testing.T) {
	together(t)
	for _, tt := range []struct {
		name string
		fill func(t *testing.T, path string)
	}{
		{"ended", fillEnded},
		{"long", fillLong},
		{"timers", fillTimers},
		{"signals", fillSignals},
	} {
		t.Run(tt.name, func(t *testing.T) {
			full := openScale(t, scaleFile(t, tt.name, tt.fill), engine.Observer{})
			empty := openScale(t, filepath.Join(t.TempDir(), "empty.db"), engine.Observer{})
			var one, many compared
			for range scaleRounds() {
				one.add(t, full, empty, oneRun)
				many.add(t, full, empty, manyRuns)
			}
			one.report(t, "one run at a time")
			many.report(t, "100 runs in flight")
		})
	}
}

func scaleRounds() int {
	if *scaleRuns < campaign {
		return 1
	}
	return 15
}

// cost is what a transition takes.
type cost struct{ wall, cpu time.Duration }

// compared are the costs of the same work on two files, in turns.
type compared struct{ full, empty []cost }

// add measures work on both files; the order alternates.
func (c *compared) add(t *testing.T, full, empty *engine.Engine, work func(*testing.T, *engine.Engine) int) {
	t.Helper()
	if len(c.full)%2 == 0 {
		c.full = append(c.full, measure(t, full, work))
		c.empty = append(c.empty, measure(t, empty, work))
		return
	}
	c.empty = append(c.empty, measure(t, empty, work))
	c.full = append(c.full, measure(t, full, work))
}

func (c *compared) report(t *testing.T, what string) {
	t.Helper()
	wall := func(c cost) time.Duration { return c.wall }
	cpu := func(c cost) time.Duration { return c.cpu }
	ratio := float64(medianOf(c.full, wall)) / float64(medianOf(c.empty, wall))
	t.Logf("%s: %v a transition, %v in an empty file: ratio %.2f; processor time %v and %v: ratio %.2f", what,
		medianOf(c.full, wall), medianOf(c.empty, wall), ratio, medianOf(c.full, cpu), medianOf(c.empty, cpu),
		float64(medianOf(c.full, cpu))/float64(medianOf(c.empty, cpu)))
	if *scaleRuns >= campaign && ratio > 1.2 {
		t.Errorf("%s: a transition takes %.2f times as long as in an empty file, at most 1.2 is allowed", what, ratio)
	}
}

func medianOf(list []cost, of func(cost) time.Duration) time.Duration {
	sorted := slices.SortedFunc(slices.Values(list), func(a, b cost) int { return cmp.Compare(of(a), of(b)) })
	return of(sorted[len(sorted)/2])
}

func measure(t *testing.T, eng *engine.Engine, work func(*testing.T, *engine.Engine) int) cost {
	t.Helper()
	cpu, begun := processorTime(t), time.Now()
	n := time.Duration(work(t, eng))
	return cost{time.Since(begun) / n, (processorTime(t) - cpu) / n}
}

func processorTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// oneRun executes a run of some transitions, each with a commit of its own, and returns how many.
func oneRun(t *testing.T, eng *engine.Engine) int {
	t.Helper()
	n := 500
	if *scaleRuns < campaign {
		n = 20
	}
	if _, err := ticking.Run(t.Context(), eng, tick{N: int64(n)}, nil); err != nil {
		t.Fatal(err)
	}
	return n
}

// manyRuns executes some runs of five transitions, a hundred at a time, and returns the number of transitions.
func manyRuns(t *testing.T, eng *engine.Engine) int {
	t.Helper()
	runs, steps := 500, 5
	if *scaleRuns < campaign {
		runs = 20
	}
	var all sync.WaitGroup
	slots := make(chan struct{}, 100)
	for range runs {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			run, err := ticking.Start(t.Context(), eng, tick{N: int64(steps)}, nil)
			if err == nil {
				_, err = ticking.Wait(t.Context(), eng, run.ID)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	return runs * steps
}
