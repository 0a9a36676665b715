package engine_test

import (
	"context"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// playPure executes run 1, a climb, and says a line each thousand visits. It dies by its own hand at the visit
// poison; 0 is none.
func playPure(path string, poison int64) error {
	w := climb(true, func(_ *engine.Context, s *count) error {
		if s.I%1000 == 0 {
			fmt.Println("at", s.I)
		}
		if s.I == poison && poison > 0 {
			_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
			select {}
		}
		return nil
	})
	eng, err := engine.Open(context.Background(), engine.Config{Path: path}, w)
	if err != nil {
		return err
	}
	run, err := eng.Execute(context.Background(), 1, nil)
	fmt.Println("ended", run.Status, err)
	return eng.Close()
}

func startedClimb(t *testing.T, n int64) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "wf.db")
	withEngine(t, path, func(eng *engine.Engine) {
		if _, err := climbing.Start(t.Context(), eng, count{N: n}, nil); err != nil {
			t.Fatal(err)
		}
	}, climb(true, nil))
	return path
}

// A process that is killed in the middle of pure steps loses what was ahead of the disk, at most its window. What
// is computed again follows what was committed: each transition stands in the history once, in order.
func TestKillLosesNoMoreThanTheWindow(t *testing.T) {
	t.Parallel()
	const kills = 3
	n := int64(1 << 40)
	path, at := startedClimb(t, n), int64(0)
	for range kills {
		c := startChild(t, "pure", path, "0")
		for past := at + 2000; at < past; { // what was committed before
			if _, err := fmt.Sscan(c.hear(t, "at "), &at); err != nil {
				t.Fatal(err)
			}
		}
		c.signal(t, syscall.SIGKILL)
		for line := range c.lines {
			if _, err := fmt.Sscanf(line, "at %d", &at); err != nil {
				t.Fatal(err)
			}
		}
		c.kill()
		visit := scalar(t, path, "SELECT visit FROM wf_runs")
		if visit < at-1000 || visit > at+1001 {
			t.Errorf("it was killed in visit %d to %d, and visit %d was committed", at+1, at+1001, visit)
		}
		at = visit
	}
	transitions := scalar(t, path, "SELECT count(*) FROM wf_history WHERE kind = 'transition' AND visit BETWEEN 1 AND 1 << 40")
	visits := scalar(t, path, "SELECT count(DISTINCT visit) FROM wf_history WHERE kind = 'transition'")
	if transitions != at-1 || visits != transitions {
		t.Errorf("%d transitions of %d visits were committed, want %d", transitions, visits, at-1)
	}
	eng := openEngine(t, engine.Config{Path: path}, climb(true, nil)) // which checks the chain
	if s, err := climbing.State(t.Context(), eng, 1); err != nil || s.I != at-1 || s.Total != s.I*(s.I+1)/2 {
		t.Errorf("state = %+v, %v; want that after %d steps", s, err, at-1)
	}
}

// A pure step that kills its process is found, though it ran ahead of the disk: after the first death the run
// keeps in step with it, and the deaths are counted where they happen.
func TestCrashLoopInAPureStepIsFound(t *testing.T) {
	t.Parallel()
	const poison = 300
	path := startedClimb(t, 1000)
	for range 4 {
		c := startChild(t, "pure", path, fmt.Sprint(poison))
		for range c.lines { // it says where it was
		}
		c.kill()
		if s, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || s.Signal() != syscall.SIGKILL {
			t.Fatalf("the child ended with %v, want killed", c.cmd.ProcessState)
		}
	}
	if visit, deaths := scalar(t, path, "SELECT visit FROM wf_runs"), scalar(t, path, "SELECT deaths FROM wf_runs"); visit != poison+1 || deaths < 2 {
		t.Errorf("%d deaths are counted in visit %d, want them in %d", deaths, visit, poison+1)
	}
}
