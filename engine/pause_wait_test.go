package engine_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// becomes waits until a run has one of the statuses.
func becomes(t *testing.T, eng *engine.Engine, id int64, want ...engine.Status) engine.Run {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		run, err := eng.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range want {
			if run.Status == s {
				return run
			}
		}
		if time.Now().After(end) {
			t.Fatalf("run %d is %s (%s), want %v", id, run.Status, run.Reason, want)
		}
	}
}

// A paused child for which there was no place is left alone when a sibling ends, and another one begins; when
// it is resumed, it gets the place that is free.
func TestPausedHeldChildStaysPaused(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	eng := newEngine(t, square(func(_ *engine.Context, n int64) error {
		if n == 0 {
			<-gate
		}
		return nil
	}), parent(func() engine.Transition { return engine.Spawn(squaresOf(3), "join").Limit(1) }))
	serve(t, eng)
	run, err := family.Start(t.Context(), eng, parcel{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	becomes(t, eng, run.ID, engine.Waiting)
	becomes(t, eng, run.ID+1, engine.Running)
	if _, err := eng.Pause(t.Context(), run.ID+2, "a person looks"); err != nil {
		t.Fatal(err)
	}
	close(gate)
	becomes(t, eng, run.ID+3, engine.Completed)
	if r, err := eng.Get(t.Context(), run.ID+2); err != nil || r.Status != engine.Paused {
		t.Fatalf("the paused child is %s, %v", r.Status, err)
	}
	if _, err := eng.Resume(t.Context(), run.ID+2, nil); err != nil {
		t.Fatal(err)
	}
	becomes(t, eng, run.ID, engine.Completed)
}

// What FailFast means outlives a pause of the parent: its other child is cancelled when it goes on.
func TestFailFastAfterPauseCancelsSiblings(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	eng := newEngine(t, square(func(ctx *engine.Context, n int64) error {
		if n == 0 {
			<-gate
			return engine.Permanent(errors.New("no"))
		}
		<-ctx.Done()
		return context.Cause(ctx)
	}), engine.Workflow[parcel, []string]{Name: family, Steps: []engine.Step[parcel]{
		{Name: "spawn", Do: func(*engine.Context, *parcel) (engine.Transition, error) {
			return engine.Spawn(squaresOf(2), "rest").FailFast(), nil
		}},
		{Name: "rest", Do: func(*engine.Context, *parcel) (engine.Transition, error) { return engine.Sleep(time.Hour, "end"), nil }},
		{Name: "end", Do: func(*engine.Context, *parcel) (engine.Transition, error) { return family.Done(nil), nil }},
	}})
	serve(t, eng)
	run, err := family.Start(t.Context(), eng, parcel{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	becomes(t, eng, run.ID, engine.Waiting)
	becomes(t, eng, run.ID+1, engine.Running)
	becomes(t, eng, run.ID+2, engine.Running)
	if _, err := eng.Pause(t.Context(), run.ID, "a person looks"); err != nil {
		t.Fatal(err)
	}
	close(gate)
	becomes(t, eng, run.ID+1, engine.Failed)
	if _, err := eng.Resume(t.Context(), run.ID, nil); err != nil {
		t.Fatal(err)
	}
	becomes(t, eng, run.ID+2, engine.Cancelled)
}

// A cancel that came while the step was ending in a wait is done, though the process died before it could.
func TestWantOfWaitingRunOutlivesOwner(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	def := oneStep("sleepy", func(ctx *engine.Context, _ *count) (engine.Transition, error) {
		return engine.Sleep(time.Hour, "only"), nil
	})
	died := openEngine(t, engine.Config{Path: path}, def)
	serve(t, died)
	run, err := died.Start(t.Context(), string(def.Name), []byte("{}"), nil)
	if err != nil {
		t.Fatal(err)
	}
	becomes(t, died, run.ID, engine.Waiting)
	mustExec(t, path, "UPDATE wf_runs SET want = 'cancel', want_detail = '{\"by\":\"me\"}'")
	if err := died.Abandon(); err != nil {
		t.Fatal(err)
	}
	eng := openEngine(t, engine.Config{Path: path}, def)
	serve(t, eng)
	becomes(t, eng, run.ID, engine.Cancelled)
}
