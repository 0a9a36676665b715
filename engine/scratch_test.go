package engine_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

func TestScratchWakeup(t *testing.T) {
	eng := newEngine(t, countTo(nil))
	serve(t, eng)
	var worst time.Duration
	slow := 0
	for range 300 {
		b := time.Now()
		run, err := counting.Start(t.Context(), eng, count{N: 1}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := counting.Wait(t.Context(), eng, run.ID); err != nil {
			t.Fatal(err)
		}
		d := time.Since(b)
		worst = max(worst, d)
		if d > 200*time.Millisecond {
			slow++
		}
	}
	t.Log(worst, slow)
}

func TestScratchReason(t *testing.T) {
	eng := newEngine(t, countTo(func(ctx *engine.Context, s *count) error { <-ctx.Done(); return ctx.Save() }))
	serve(t, eng)
	run, _ := counting.Start(t.Context(), eng, count{N: 1}, nil)
	awaitStatus(t, eng, run.ID, engine.Running)
	eng.Pause(t.Context(), run.ID, "maintenance")
	run = awaitStatus(t, eng, run.ID, engine.Paused)
	ev := history(t, eng, run.ID)
	t.Logf("%q %s", run.Reason, ev[len(ev)-1].Detail)
}

func TestScratchLeak(t *testing.T) {
	eng := newEngine(t, countTo(nil))
	serve(t, eng)
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	do := func(n int) {
		var ids []int64
		for range n {
			run, err := counting.Start(t.Context(), eng, count{N: 1}, nil)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, run.ID)
		}
		for _, id := range ids {
			counting.Wait(t.Context(), eng, id)
		}
	}
	do(500)
	a := heap()
	do(1000)
	b := heap()
	t.Log(a, b, (int64(b)-int64(a))/1000)
}

func TestScratchSaveDo(t *testing.T) {
	made := sync.Map{}
	var dup atomic.Int64
	tries := 0
	type st struct {
		X []int64 `json:"x"`
	}
	const nm engine.Name[st, int64] = "nm"
	eng := newEngine(t, engine.Workflow[st, int64]{Name: nm, Steps: []engine.Step[st]{{Name: "a", Checkpoint: engine.Checkpoint{Interval: 1}, Retry: engine.Retry{Attempts: 3, Initial: 1},
		Do: func(ctx *engine.Context, s *st) (engine.Transition, error) {
			tries++
			done := make(chan error)
			go func() {
				for range 100 {
					if _, err := engine.Do(ctx, "call", func(ctx context.Context) (int, error) {
						if _, was := made.LoadOrStore(engine.CallKey(ctx), true); was {
							dup.Add(1)
						}
						return 1, nil
					}); err != nil {
						done <- err
						return
					}
				}
				done <- nil
			}()
			for {
				select {
				case err := <-done:
					if err != nil {
						return engine.Transition{}, err
					}
					if tries < 2 {
						return engine.Transition{}, errors.New("again")
					}
					return nm.Done(1), nil
				default:
				}
				if err := ctx.Save(); err != nil {
					return engine.Transition{}, err
				}
			}
		}}}})
	_, err := nm.Run(t.Context(), eng, st{}, nil)
	t.Log(err, dup.Load(), tries)
}

func TestScratchLateDo(t *testing.T) {
	release := make(chan bool)
	got := make(chan error, 1)
	eng := newEngine(t, countTo(func(ctx *engine.Context, s *count) error {
		begun := make(chan bool)
		go func() {
			_, err := engine.Do(ctx, "late", func(context.Context) (int, error) { close(begun); <-release; return 1, nil })
			got <- err
		}()
		<-begun
		return errors.New("x")
	}))
	_, err := counting.Run(t.Context(), eng, count{N: 1}, nil)
	t.Log(err)
	close(release)
	t.Log(<-got)
	t.Log(kinds(t, eng, 1))
}
