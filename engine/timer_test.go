package engine_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// nap sleeps in its first step and ends in its second, when it tells the time.
func nap(pause time.Duration, woke func()) engine.Workflow[count, int64] {
	return engine.Workflow[count, int64]{Name: counting, Steps: []engine.Step[count]{
		{Name: "doze", Do: func(_ *engine.Context, s *count) (engine.Transition, error) {
			s.I = 7
			return engine.Sleep(pause, "wake"), nil
		}},
		{Name: "wake", Do: func(_ *engine.Context, s *count) (engine.Transition, error) {
			woke()
			return counting.Done(s.I), nil
		}},
	}}
}

// A due timer fires within 10 ms of its time while a worker runs.
func TestTimerFiresInTime(t *testing.T) {
	t.Parallel()
	var woke atomic.Int64
	eng := newEngine(t, nap(60*time.Millisecond, func() { woke.Store(time.Now().UnixMicro()) }))
	serve(t, eng)
	best := time.Hour
	for range 5 { // a loaded machine may be late once
		run, err := counting.Start(t.Context(), eng, count{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var due time.Time
		for due.IsZero() {
			if run, err = eng.Get(t.Context(), run.ID); err != nil {
				t.Fatal(err)
			}
			if run.Waiting.Kind == "timer" {
				due = run.Due
			}
		}
		if got, err := counting.Wait(t.Context(), eng, run.ID); err != nil || got != 7 {
			t.Fatalf("Wait: %d, %v", got, err)
		}
		late := time.UnixMicro(woke.Load()).Sub(due)
		if late < 0 {
			t.Fatalf("woke %v before its time", -late)
		}
		best = min(best, late)
	}
	if best > 10*time.Millisecond {
		t.Errorf("woke %v after its time at best, want within 10 ms", best)
	}
}

// A timer that fell due while nobody was there fires at once at the next start, and not before its time.
func TestTimerFiresAtTheNextStart(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, nap(30*time.Millisecond, func() {}))
	run, _, err := eng.StartHere(t.Context(), "counting", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	run, err = eng.Execute(t.Context(), run.ID, &engine.ExecuteOptions{Return: true})
	if err != nil || run.Status != engine.Waiting || run.Step != "wake" || run.Waiting.Kind != "timer" {
		t.Fatalf("%s in %s for %q, %v; want waiting for the timer", run.Status, run.Step, run.Waiting.Kind, err)
	}
	time.Sleep(time.Until(run.Due) + 10*time.Millisecond)
	serve(t, eng)
	begun := time.Now()
	if _, err := counting.Wait(t.Context(), eng, run.ID); err != nil || time.Since(begun) > time.Second {
		t.Errorf("ended after %v, %v", time.Since(begun), err)
	}
}

// A sleep that is paused goes on sleeping when it is resumed; resuming does not cut it short.
func TestPausedSleepGoesOnSleeping(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, nap(time.Hour, func() { t.Error("woke") }))
	run, _, err := eng.StartHere(t.Context(), "counting", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	asleep, err := eng.Execute(t.Context(), run.ID, &engine.ExecuteOptions{Return: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, act := range []func() (engine.Run, error){
		func() (engine.Run, error) { return eng.Pause(t.Context(), run.ID, "") },
		func() (engine.Run, error) { return eng.Resume(t.Context(), run.ID, nil) },
		func() (engine.Run, error) { return eng.Resume(t.Context(), run.ID, nil) },
	} {
		if run, err = act(); err != nil {
			t.Fatal(err)
		}
	}
	if run.Status != engine.Waiting || !run.Due.Equal(asleep.Due) || run.Waiting.Kind != "timer" {
		t.Errorf("%s until %v, want waiting until %v as before", run.Status, run.Due, asleep.Due)
	}
}

// Sleep(0), and a time in the past, go on at once.
func TestSleepForNothing(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, nap(0, func() {}))
	if got, err := counting.Run(t.Context(), eng, count{}, nil); err != nil || got != 7 {
		t.Errorf("Run: %d, %v", got, err)
	}
}
