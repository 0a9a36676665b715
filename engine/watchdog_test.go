package engine_test

import (
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// A run that is cancelled while an observer is told that its step begins has no step to be given up: it is not called.
func TestStepOfACancelledRunIsNotCalled(t *testing.T) {
	t.Parallel()
	var called atomic.Bool
	w := oneStep("late", func(*engine.Context, *count) (engine.Transition, error) {
		called.Store(true)
		return engine.Done(int64(0)), nil
	})
	var eng *engine.Engine
	eng = openEngine(t, engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), Observer: engine.Observer{StepStarted: func(ref engine.Ref) {
		if _, err := eng.CancelWith(t.Context(), ref.ID, &engine.CancelOptions{Force: true}); err != nil {
			t.Error(err)
		}
	}}}, w)
	run := executed(t, eng, "late", nil)
	if run.Status != engine.Cancelled || called.Load() {
		t.Errorf("run %s, its step was called: %t; want cancelled before that", run.Status, called.Load())
	}
	for _, ev := range history(t, eng, run.ID) {
		if ev.Error != "" {
			t.Errorf("event %s says %q", ev.Kind, ev.Error)
		}
	}
}

// A hook that ends its goroutine takes no slot with it, nor leaves one twice.
func TestObserverEndsItsGoroutine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		observer func(exit func()) engine.Observer
	}{
		{"StepStarted", func(exit func()) engine.Observer { return engine.Observer{StepStarted: func(engine.Ref) { exit() }} }},
		{"StepEnded", func(exit func()) engine.Observer {
			return engine.Observer{StepEnded: func(engine.StepEvent) { exit() }}
		}},
	} {
		for _, heeds := range []bool{true, false} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				let := make(chan struct{})
				defer close(let)
				var once sync.Once
				var first atomic.Bool
				w := oneStep("slow", func(ctx *engine.Context, s *count) (engine.Transition, error) {
					if !heeds && first.CompareAndSwap(false, true) {
						<-let
					}
					return engine.Done(s.N), nil
				})
				w.Steps[0].Timeout, w.Steps[0].Retry = 5*time.Millisecond, engine.Retry{Initial: time.Millisecond}
				eng := openEngine(t, engine.Config{
					Path: filepath.Join(t.TempDir(), "wf.db"), Grace: time.Millisecond, Workers: 1, DrainTimeout: time.Second,
					Observer: tt.observer(func() { once.Do(runtime.Goexit) }),
				}, w)
				serve(t, eng)
				for range 2 {
					run, err := w.Name.Start(t.Context(), eng, count{}, nil)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := w.Name.Wait(t.Context(), eng, run.ID); err != nil && heeds {
						t.Error(err)
					}
				}
			})
		}
	}
}
