package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/engine"
)

func number(n int64) string { return strconv.FormatInt(n, 10) }

// await looks whenever the file has changed, until what it looks for is there.
func await(t testing.TB, eng *engine.Engine, there func() bool) {
	t.Helper()
	changes, limit := eng.Watch(t.Context()), time.After(20*time.Second)
	for !there() {
		select {
		case <-changes:
		case <-limit:
			t.Fatal("not within 20 s")
		}
	}
}

// By the real clock: a start is made at its time, within 10 ms as long as the machine has time for it, and
// never before.
func TestScheduleIsPunctual(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, shiftFlow())
	serve(t, eng)
	s := engine.Schedule{Name: "tick", Workflow: string(shifts), Every: 40 * time.Millisecond, Overlap: engine.OverlapAllow}
	if _, err := eng.AddSchedule(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	best := time.Hour
	await(t, eng, func() bool {
		runs, err := eng.List(t.Context(), engine.RunFilter{Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, run := range runs {
			late := run.Created.Sub(run.Scheduled)
			if best = min(best, late); late < 0 {
				t.Fatalf("run %d was started %v before its time", run.ID, -late)
			}
		}
		return best <= 10*time.Millisecond
	})
}

// Two workers of one file, and a clock that goes back: each time is started once.
func TestScheduleStartsOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	eng := newClocked(t, path, noon)
	other := openClocked(t, path, eng.clock)
	eng.serve()
	other.serve()
	eng.add(engine.Schedule{Name: "tick", Every: time.Hour, Overlap: engine.OverlapAllow}, 0)
	want := []string{"24T13:00:00 completed", "24T14:00:00 completed", "24T15:00:00 completed"}
	eng.advance(3 * time.Hour)
	if diff := cmp.Diff(want, eng.times()); diff != "" {
		t.Errorf("runs of two workers (-want +got):\n%s", diff)
	}
	eng.clock.Set(noon)
	eng.advance(2 * time.Hour) // again
	if _, err := eng.PauseSchedule(t.Context(), "tick", ""); err != nil {
		t.Fatal(err)
	}
	if state, err := eng.ResumeSchedule(t.Context(), "tick"); err != nil || !state.Next.Equal(noon.Add(3*time.Hour)) {
		t.Fatalf("ResumeSchedule after the clock has gone back: %+v, %v", state, err)
	}
	eng.advance(2 * time.Hour)
	want = append(want, "24T16:00:00 completed")
	if diff := cmp.Diff(want, eng.times()); diff != "" {
		t.Errorf("runs after the clock has gone back (-want +got):\n%s", diff)
	}
	if got := eng.state("tick"); got.Starts != 4 {
		t.Errorf("state = %+v, want 4 starts", got)
	}
}

// A worker with no free slot starts runs all the same: they wait in their queue.
func TestScheduleNeedsNoFreeSlot(t *testing.T) {
	t.Parallel()
	began, release := make(chan struct{}, 100), make(chan struct{})
	eng := openEngine(t, engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), Workers: 1},
		oneStep("gated", func(*engine.Context, *count) (engine.Transition, error) {
			began <- struct{}{}
			<-release
			return engine.Next(), nil
		}))
	serve(t, eng)
	defer close(release)
	if _, err := eng.Start(t.Context(), "gated", nil, nil); err != nil {
		t.Fatal(err)
	}
	<-began
	s := engine.Schedule{Name: "once", Workflow: "gated", At: time.Now().Add(20 * time.Millisecond)}
	if _, err := eng.AddSchedule(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	await(t, eng, func() bool {
		run, _ := eng.Get(t.Context(), 2) // zero until it is there
		return run.Status == engine.Pending
	})
}

// A run that executes is asked to stop, and the new one begins.
func TestScheduleCancelsARunThatExecutes(t *testing.T) {
	t.Parallel()
	cancelled := make(chan error, 100)
	eng := newEngine(t, oneStep("blocking", func(ctx *engine.Context, _ *count) (engine.Transition, error) {
		<-ctx.Done()
		cancelled <- context.Cause(ctx)
		return engine.Transition{}, ctx.Err()
	}))
	serve(t, eng)
	s := engine.Schedule{Name: "tick", Workflow: "blocking", Every: 50 * time.Millisecond, Overlap: engine.OverlapCancel}
	if _, err := eng.AddSchedule(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if cause := <-cancelled; cause != engine.ErrCancelled {
		t.Errorf("the step was stopped by %v, want ErrCancelled", cause)
	}
	run, err := eng.Wait(t.Context(), 1)
	if err != nil || run.Status != engine.Cancelled || !slices.Contains(kinds(t, eng, 1), "cancelled") {
		t.Errorf("Wait = %v, %v, want it cancelled", run.Status, err)
	}
	if _, err := eng.Get(t.Context(), 2); err != nil {
		t.Errorf("the run that has superseded it: %v", err)
	}
}

// A start that waits for a run that executes begins when that has ended.
func TestQueuedStartFollowsARunThatExecutes(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	eng := newEngine(t, oneStep("gated", func(ctx *engine.Context, _ *count) (engine.Transition, error) {
		select {
		case <-release:
		case <-ctx.Done():
		}
		return engine.Next(), ctx.Err()
	}))
	serve(t, eng)
	s := engine.Schedule{Name: "once", Workflow: "gated", At: time.Now().Add(time.Hour), Overlap: engine.OverlapQueue}
	if _, err := eng.AddSchedule(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if _, err := eng.TriggerSchedule(t.Context(), "once"); err != nil {
		t.Fatal(err)
	}
	s.At = time.Now().Add(50 * time.Millisecond)
	if _, err := eng.AddSchedule(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	await(t, eng, func() bool {
		state, err := eng.Schedule(t.Context(), "once")
		if err != nil {
			t.Fatal(err)
		}
		return !state.Queued.IsZero()
	})
	close(release)
	var run engine.Run
	await(t, eng, func() bool {
		run, _ = eng.Get(t.Context(), 2) // zero until it is there
		return run.ID == 2
	})
	if !run.Scheduled.Equal(s.At.Truncate(time.Microsecond)) {
		t.Errorf("run 2 was started for %v, want %v", run.Scheduled, s.At)
	}
	if _, err := eng.Wait(t.Context(), 2); err != nil {
		t.Error(err)
	}
}

// playSchedule is a worker with a schedule that has something to start all the time.
func playSchedule(path string) error {
	eng, err := engine.Open(context.Background(), engine.Config{Path: path}, shiftFlow())
	if err != nil {
		return err
	}
	s := engine.Schedule{Name: "tick", Workflow: string(shifts), Every: 2 * time.Millisecond, Overlap: engine.OverlapAllow}
	if _, err := eng.AddSchedule(context.Background(), s); err != nil {
		return err
	}
	fmt.Println("ready")
	return eng.Serve(context.Background())
}

// A worker is killed at random moments: no time is started twice, and none is left out.
func TestScheduleSurvivesKills(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	eng := openEngine(t, engine.Config{Path: path}, shiftFlow())
	var state engine.ScheduleState
	look := func() {
		t.Helper()
		var err error
		if state, err = eng.Schedule(t.Context(), "tick"); err != nil {
			t.Fatal(err)
		}
	}
	for range 6 {
		c := startChild(t, "schedule", path)
		c.hear(t, "ready")
		look()
		had := state.Starts
		await(t, eng, func() bool { look(); return state.Starts > had })
		<-time.After(time.Duration(rand.Int64N(int64(30 * time.Millisecond))))
		c.kill()
	}
	look()
	n, before := int64(0), time.Time{}
	for next := int64(0); ; {
		runs, err := eng.List(t.Context(), engine.RunFilter{Before: next})
		if err != nil {
			t.Fatal(err)
		}
		if len(runs) == 0 {
			break
		}
		for _, run := range runs {
			if !before.IsZero() && before.Sub(run.Scheduled) != 2*time.Millisecond {
				t.Fatalf("run %d was started for %v, the next one for %v", run.ID, run.Scheduled, before)
			}
			before, next = run.Scheduled, run.ID
			n++
		}
	}
	if n != state.Starts || n == 0 || !state.Next.Equal(state.Last.Add(2*time.Millisecond)) {
		t.Errorf("%d runs, and the schedule is %+v", n, state)
	}
}
