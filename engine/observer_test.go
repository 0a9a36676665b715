package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/internal/fault"
)

// diary is an observer that writes down what it is told.
type diary struct {
	mu      sync.Mutex
	lines   []string // guarded by mu
	commits []engine.CommitEvent
	panics  bool
}

func (d *diary) write(format string, args ...any) {
	d.mu.Lock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
	d.mu.Unlock()
	if d.panics {
		panic("observer")
	}
}

func (d *diary) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.lines)
}

// await returns what is written once a line begins as given.
func (d *diary) await(t *testing.T, line string) []string {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < 10*time.Second; time.Sleep(time.Millisecond) {
		if lines := d.read(); slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, line) }) {
			return lines
		}
	}
	t.Fatalf("%q was never told of, only:\n%s", line, strings.Join(d.read(), "\n"))
	return nil
}

func (d *diary) observer() engine.Observer {
	return engine.Observer{
		RunStarted:  func(r engine.Run) { d.write("started %d %s", r.ID, r.Status) },
		RunClaimed:  func(r engine.Run) { d.write("claimed %d in %s", r.ID, r.Step) },
		StepStarted: func(r engine.Ref) { d.write("begin %d %s, attempt %d", r.ID, r.Step, r.Attempt) },
		StepEnded: func(e engine.StepEvent) {
			d.write("end %d %s, next %q, error %v, retry %v", e.Ref.ID, e.Ref.Step, e.Next, e.Err, !e.Retry.IsZero())
		},
		RunWaiting:   func(r engine.Run) { d.write("waiting %d for %s", r.ID, r.Waiting.Kind) },
		RunBlocked:   func(r engine.Run) { d.write("blocked %d in %s", r.ID, r.Step) },
		RunEnded:     func(r engine.Run) { d.write("ended %d %s %v", r.ID, r.Status, !r.Ended.IsZero()) },
		LeaseLost:    func(r engine.Ref) { d.write("lost %d in %s", r.ID, r.Step) },
		WorkerBuried: func(id int64) { d.write("buried %d", id) },
		CommitEnded: func(c engine.CommitEvent) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.commits = append(d.commits, c)
		},
	}
}

// observed is a workflow with some of everything: an attempt that fails, a sleep, a child.
func observed() engine.Workflow[count, int64] {
	return engine.Workflow[count, int64]{Name: "observed", Steps: []engine.Step[count]{
		{Name: "flaky", Retry: engine.Retry{Attempts: 2, Initial: time.Millisecond}, Do: func(ctx *engine.Context, s *count) (engine.Transition, error) {
			if s.N > 0 {
				return engine.Goto("end"), nil
			}
			if ctx.Run().Attempt == 1 {
				return engine.Transition{}, errors.New("no")
			}
			return engine.Sleep(time.Millisecond, "spawn"), nil
		}},
		{Name: "spawn", Do: func(*engine.Context, *count) (engine.Transition, error) {
			child := engine.Name[count, int64]("observed").Child(count{N: 1}, nil)
			return engine.Spawn(slices.Values([]engine.Child{child}), "end"), nil
		}},
		{Name: "end", Do: func(*engine.Context, *count) (engine.Transition, error) { return engine.Next(), nil }},
	}}
}

func TestObserverIsToldOfEverything(t *testing.T) {
	t.Parallel()
	d := &diary{}
	eng := openEngine(t, engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), Observer: d.observer()}, observed())
	serve(t, eng)
	if _, err := observed().Name.Run(t.Context(), eng, count{}, nil); err != nil {
		t.Fatal(err)
	}
	var own []string
	for _, line := range d.await(t, "end 1 end") {
		if strings.Contains(line, " 1 ") {
			own = append(own, line)
		}
	}
	// A run that sleeps no longer than this takes may be claimed again before its step's end is told.
	ends := func(line string) bool { return strings.HasPrefix(line, "end ") }
	for n, line := range []string{
		`end 1 flaky, next "", error no, retry true`, `end 1 flaky, next "spawn", error <nil>, retry false`,
		`end 1 spawn, next "end", error <nil>, retry false`, `end 1 end, next "", error <nil>, retry false`,
	} {
		begun := 0
		for _, l := range own[:max(0, slices.Index(own, line))] {
			if strings.HasPrefix(l, "begin ") {
				begun++
			}
		}
		if begun <= n {
			t.Errorf("%q is told after %d steps have begun, want %d or more:\n%s", line, begun, n+1, strings.Join(own, "\n"))
		}
	}
	want := []string{
		`started 1 running`, `claimed 1 in flaky`, `begin 1 flaky, attempt 1`, `waiting 1 for retry`,
		`claimed 1 in flaky`, `begin 1 flaky, attempt 2`, `waiting 1 for timer`,
		`claimed 1 in spawn`, `begin 1 spawn, attempt 1`, `waiting 1 for children`,
		`claimed 1 in end`, `begin 1 end, attempt 1`, `ended 1 completed true`,
	}
	if got := len(own) - len(want); got != 4 {
		t.Errorf("told of %d ends of steps, want 4", got)
	}
	if diff := cmp.Diff(want, slices.DeleteFunc(own, ends)); diff != "" {
		t.Errorf("what was told of the run (-want +got):\n%s", diff)
	}
	for _, line := range []string{"started 2 pending", "claimed 2 in flaky", "ended 2 completed true"} {
		d.await(t, line)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.commits {
		if c.Requests < 1 || c.Took <= 0 || c.Err != nil {
			t.Errorf("commit = %+v, want requests, a time and no error", c)
		}
	}
	if len(d.commits) < 10 {
		t.Errorf("told of %d commits, want 10 or more", len(d.commits))
	}
}

func TestObserverIsToldOfBlockedAndCancelledRuns(t *testing.T) {
	t.Parallel()
	d := &diary{}
	lost := oneStep("lost", func(*engine.Context, *count) (engine.Transition, error) { return engine.Goto("nowhere"), nil })
	eng := openEngine(t, engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), Observer: d.observer()}, lost)
	run, err := lost.Name.Start(t.Context(), eng, count{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := eng.Execute(t.Context(), run.ID, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := eng.Cancel(t.Context(), run.ID, "enough"); err != nil {
		t.Fatal(err)
	}
	got := d.read()
	want := []string{"started 1 pending", "claimed 1 in only", "begin 1 only, attempt 1", "blocked 1 in only"}
	if len(got) != 6 || !slices.Equal(got[:4], want) || !strings.Contains(got[4], "nowhere") || got[5] != "ended 1 cancelled true" {
		t.Errorf("told of:\n%s", strings.Join(got, "\n"))
	}
}

// One process dies in the middle of a run: the other buries it. Then the run is taken from that one, too.
func TestObserverIsToldOfDeathAndLoss(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	victim := oneStep("victim", func(ctx *engine.Context, s *count) (engine.Transition, error) {
		if s.N == 0 {
			return engine.Next(), nil
		}
		return engine.Next(), engine.Exec(ctx, "steal", func(context.Context) error {
			mustExec(t, path, "UPDATE wf_runs SET epoch = epoch + 1 WHERE id = ?", ctx.Run().ID)
			return nil
		})
	})
	first := &diary{}
	cut := fault.At(3, fault.BeforeCommit) // the worker, the start, and then the end
	dying, err := engine.Open(fault.With(context.Background(), cut), engine.Config{Path: path, Observer: first.observer()}, victim)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := victim.Name.Run(t.Context(), dying, count{}, nil); !errors.Is(err, engine.ErrStorage) {
		t.Errorf("Run = %v, want ErrStorage", err)
	}
	if err := dying.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if last := first.commits[len(first.commits)-1]; last.Err == nil {
		t.Errorf("the last commit was told to be durable")
	}
	if lines := first.read(); slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "ended") }) {
		t.Errorf("the dead process tells of an end: %v", lines)
	}
	second := &diary{}
	eng := openEngine(t, engine.Config{Path: path, Observer: second.observer()}, victim)
	serve(t, eng)
	second.await(t, "ended 1 completed true")
	second.await(t, "buried 1")
	if _, err := victim.Name.Start(t.Context(), eng, count{N: 1}, nil); err != nil {
		t.Fatal(err)
	}
	second.await(t, "lost 2 in only")
	mustExec(t, path, "UPDATE wf_runs SET status = 'pending', owner = NULL, seq = seq WHERE id = 2") // for the check
}

// A panic in an observer harms nobody.
func TestObserverThatPanics(t *testing.T) {
	t.Parallel()
	d := &diary{panics: true}
	var text bytes.Buffer
	var mu sync.Mutex
	log := slog.New(slog.NewTextHandler(&lockedWriter{mu: &mu, w: &text}, nil))
	eng := openEngine(t, engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), Observer: d.observer(), Logger: log}, observed())
	serve(t, eng)
	if _, err := observed().Name.Run(t.Context(), eng, count{}, nil); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if !strings.Contains(text.String(), "an observer panicked") {
		t.Errorf("the log tells of no panic:\n%s", text.String())
	}
}

type lockedWriter struct {
	mu *sync.Mutex
	w  *bytes.Buffer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
