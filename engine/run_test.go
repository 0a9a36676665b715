package engine_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

func TestRunReturnsTheResult(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, countTo(nil))
	got, err := counting.Run(t.Context(), eng, count{N: 200}, nil)
	if err != nil || got != 20100 {
		t.Fatalf("Run(200) = %d, %v; want 20100", got, err)
	}
	run, err := eng.Find(t.Context(), "@last")
	if err != nil {
		t.Fatal(err)
	}
	if run.Status != engine.Completed || string(run.Result) != "20100" || run.State != nil {
		t.Errorf("run = %s, result %s, state %s; want completed, 20100, no state", run.Status, run.Result, run.State)
	}
	if got, want := kinds(t, eng, run.ID), []string{"created", "completed"}; !slices.Equal(got, want) {
		t.Errorf("history = %v, want %v", got, want)
	}
}

func TestServeExecutesEnqueuedRuns(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, countTo(nil))
	serve(t, eng)
	var runs []engine.Run
	for n := range int64(50) {
		run, err := counting.Start(t.Context(), eng, count{N: n}, nil)
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, run)
	}
	for n, run := range runs {
		got, err := counting.Wait(t.Context(), eng, run.ID)
		if want := int64(n * (n + 1) / 2); err != nil || got != want {
			t.Errorf("Wait(run %d) = %d, %v; want %d", run.ID, got, err, want)
		}
	}
}

// The article's story: a save every 5th iteration, a stop in the 7th, which saves what is there.
func TestStopSavesAndExecuteGoesOn(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	var seen []int64
	eng := newEngine(t, countTo(func(ctx *engine.Context, s *count) error {
		seen = append(seen, s.I+1)
		if s.I+1 == 7 && len(seen) == 7 {
			stop()
			<-ctx.Done()
			return ctx.Save()
		}
		return nil
	}))
	_, err := counting.Run(ctx, eng, count{N: 10}, &engine.StartOptions{Checkpoint: engine.Checkpoint{Every: 5}})
	ended, ok := errors.AsType[*engine.RunError](err)
	if !ok || ended.Status != engine.Suspended {
		t.Fatalf("Run = %v, want a RunError with status suspended", err)
	}
	run, err := eng.Get(t.Context(), ended.RunID)
	if err != nil || run.Brief != "i=6 total=21" {
		t.Fatalf("Get = %q, %v; want i=6 total=21", run.Brief, err)
	}
	run, err = eng.Execute(t.Context(), run.ID, nil)
	if err != nil || run.Status != engine.Completed || string(run.Result) != "55" {
		t.Fatalf("Execute = %s %s, %v; want completed 55", run.Status, run.Result, err)
	}
	if want := []int64{1, 2, 3, 4, 5, 6, 7, 7, 8, 9, 10}; !slices.Equal(seen, want) {
		t.Errorf("iterations = %v, want %v", seen, want)
	}
	want := []string{"created", "checkpoint", "checkpoint", "suspended", "claimed", "completed"}
	if got := kinds(t, eng, run.ID); !slices.Equal(got, want) {
		t.Errorf("history = %v, want %v", got, want)
	}
}

func TestStartWithAKeyIsIdempotent(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, countTo(nil))
	key := &engine.StartOptions{Key: "nightly"}
	first, err := counting.Start(t.Context(), eng, count{N: 3}, key)
	if err != nil {
		t.Fatal(err)
	}
	again, err := counting.Start(t.Context(), eng, count{N: 3}, key)
	if err != nil || again.ID != first.ID {
		t.Errorf("the same start = run %d, %v; want run %d", again.ID, err, first.ID)
	}
	if _, err := counting.Start(t.Context(), eng, count{N: 4}, key); !errors.Is(err, engine.ErrKeyConflict) {
		t.Errorf("another input = %v, want ErrKeyConflict", err)
	}
	if run, err := eng.Find(t.Context(), "nightly"); err != nil || run.ID != first.ID {
		t.Errorf("Find(nightly) = run %d, %v; want run %d", run.ID, err, first.ID)
	}
}

// A field that the state gets later is no other input.
func TestAKeyOutlivesANewField(t *testing.T) {
	t.Parallel()
	type wider struct {
		count
		Unit string           `json:"unit" help:"of what is counted"`
		More map[string]int64 `json:"more"`
	}
	const widened engine.Name[wider, int64] = "counting"
	path := filepath.Join(t.TempDir(), "wf.db")
	eng := openEngine(t, engine.Config{Path: path}, countTo(nil))
	key := &engine.StartOptions{Key: "nightly"}
	first, err := counting.Start(t.Context(), eng, count{N: 3}, key)
	if err != nil {
		t.Fatal(err)
	}
	later := openEngine(t, engine.Config{Path: path}, engine.Workflow[wider, int64]{Name: widened, Steps: []engine.Step[wider]{{
		Name: "add", Do: func(*engine.Context, *wider) (engine.Transition, error) { return engine.Next(), nil }}}})
	again, err := widened.Start(t.Context(), later, wider{count: count{N: 3}}, key)
	if err != nil || again.ID != first.ID {
		t.Errorf("Start = run %d, %v; want run %d", again.ID, err, first.ID)
	}
	if _, err := widened.Start(t.Context(), later, wider{count: count{N: 3}, Unit: "m"}, key); !errors.Is(err, engine.ErrKeyConflict) {
		t.Errorf("Start with a unit = %v, want ErrKeyConflict", err)
	}
}

func TestStartRefusesWhatValidateRefuses(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, countTo(nil))
	_, err := counting.Start(t.Context(), eng, count{N: -1}, nil)
	if _, ok := errors.AsType[*engine.InputError](err); !ok {
		t.Errorf("Start(-1) = %v, want an InputError", err)
	}
	if runs, err := eng.List(t.Context(), engine.RunFilter{}); err != nil || len(runs) != 0 {
		t.Errorf("List = %d runs, %v; want none", len(runs), err)
	}
}

func TestCancelStopsARunningRun(t *testing.T) {
	t.Parallel()
	begun := make(chan int64, 1)
	eng := newEngine(t, countTo(func(ctx *engine.Context, _ *count) error {
		begun <- ctx.Run().ID
		<-ctx.Done()
		if !errors.Is(context.Cause(ctx), engine.ErrCancelled) {
			t.Errorf("cause = %v, want ErrCancelled", context.Cause(ctx))
		}
		return ctx.Err()
	}))
	serve(t, eng)
	if _, err := counting.Start(t.Context(), eng, count{N: 1}, nil); err != nil {
		t.Fatal(err)
	}
	id := <-begun
	if _, err := eng.Cancel(t.Context(), id, "not needed"); err != nil {
		t.Fatal(err)
	}
	run, err := eng.Wait(t.Context(), id)
	if err != nil || run.Status != engine.Cancelled {
		t.Fatalf("Wait = %s, %v; want cancelled", run.Status, err)
	}
	if _, err := eng.Cancel(t.Context(), id, ""); err != nil {
		t.Errorf("cancelling a cancelled run = %v, want nil: it is what was asked for", err)
	}
	if _, err := eng.Resume(t.Context(), id, nil); !errors.Is(err, engine.ErrRunEnded) {
		t.Errorf("Resume = %v, want ErrRunEnded", err)
	}
}

func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	begun := make(chan int64, 2)
	first := true
	eng := newEngine(t, countTo(func(ctx *engine.Context, s *count) error {
		if s.I == 2 && first {
			first = false
			begun <- ctx.Run().ID
			<-ctx.Done()
			return ctx.Save()
		}
		return nil
	}))
	serve(t, eng)
	if _, err := counting.Start(t.Context(), eng, count{N: 4}, nil); err != nil {
		t.Fatal(err)
	}
	id := <-begun
	if _, err := eng.Pause(t.Context(), id, "maintenance"); err != nil {
		t.Fatal(err)
	}
	run := awaitStatus(t, eng, id, engine.Paused)
	if run.Brief != "i=2 total=3" {
		t.Errorf("paused at %q, want i=2 total=3", run.Brief)
	}
	if _, err := eng.Resume(t.Context(), id, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := counting.Wait(t.Context(), eng, id); err != nil || got != 10 {
		t.Errorf("Wait = %d, %v; want 10", got, err)
	}
}

// awaitStatus waits until a run has a status.
func awaitStatus(t testing.TB, eng *engine.Engine, id int64, want engine.Status) engine.Run {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ticks := eng.Watch(ctx)
	for {
		run, err := eng.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if run.Status == want {
			return run
		}
		if _, ok := <-ticks; !ok {
			t.Fatalf("run %d is %s, want %s", id, run.Status, want)
		}
	}
}
