package engine_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/durable-wf/wf/engine"
)

// slowHost takes its time to make a save durable.
type slowHost struct {
	fakeHost
	takes time.Duration
}

func (h *slowHost) Save(s engine.Snapshot, done func(error)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.saves = append(h.saves, s)
	time.AfterFunc(h.takes, func() { done(nil) })
}

// When Due is true under each policy, in a loop whose iterations take 100 ms, of which there are 100.
func TestWhenASaveIsDue(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	every := func(step, n int64) (list []int64) {
		for i := step; len(list) < int(n); i += step {
			list = append(list, i)
		}
		return list
	}
	tests := []struct {
		name   string
		policy engine.Checkpoint
		takes  time.Duration
		want   []int64 // iterations with a save
	}{
		{"never", engine.Checkpoint{Interval: -1}, ms, nil},
		{"interval", engine.Checkpoint{Interval: 2 * time.Second}, ms, every(20, 4)},
		{"interval between iterations", engine.Checkpoint{Interval: 1950 * ms}, ms, every(20, 4)},
		{"count", engine.Checkpoint{Every: 30}, 0, every(30, 3)},
		{"count and interval: neither shifts the count", engine.Checkpoint{Every: 30, Interval: 2 * time.Second}, 0, []int64{20, 30, 50, 60, 80, 90}},
		{"count before interval", engine.Checkpoint{Every: 15, Interval: 2 * time.Second}, 0, every(15, 6)},
		{"default", engine.Checkpoint{}, ms, every(10, 9)},
		{"default, costly to commit", engine.Checkpoint{}, 50 * ms, every(10, 9)},
		{"more may be lost", engine.Checkpoint{MaxLoss: 3 * time.Second}, ms, []int64{10, 20, 50, 80}},
		{"more may be lost, but Young saves earlier", engine.Checkpoint{MaxLoss: 5 * time.Second}, 20 * time.Microsecond, []int64{10, 20, 39, 58, 77, 96}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &slowHost{takes: tt.takes}
				var got []int64
				out := runStep(t.Context(), h, tt.policy, func(ctx *engine.Context, s *count) error {
					for s.I = 1; s.I < 100; s.I++ {
						time.Sleep(100 * ms)
						synctest.Wait()
						if !ctx.Due() {
							continue
						}
						got = append(got, s.I)
						if err := ctx.Save(); err != nil {
							return err
						}
					}
					return nil
				})
				if out.Err != nil || out.Refuse != nil {
					t.Fatalf("outcome = %+v", out)
				}
				if !slices.Equal(got, tt.want) || len(h.saves) != len(tt.want) {
					t.Errorf("saves in iterations %v (%d reached the host), want %v", got, len(h.saves), tt.want)
				}
			})
		})
	}
}

// A step is told to stop while it does not look: Due says so at the next question.
func TestDueWhenTheStepMustStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancelCause(t.Context())
		out := runStep(ctx, &fakeHost{auto: true}, engine.Checkpoint{Interval: -1}, func(ctx *engine.Context, _ *count) error {
			if ctx.Due() {
				t.Error("Due before the stop")
			}
			stop(engine.ErrPaused)
			synctest.Wait()
			if !ctx.Due() {
				t.Error("not Due after the stop")
			}
			return ctx.Save()
		})
		if !errors.Is(out.Refuse, engine.ErrStopped) {
			t.Errorf("outcome = %+v, want ErrStopped", out)
		}
	})
}

// A step that has seen the end of its context sees that a save is due, without a moment in between.
func TestDueOnceTheContextHasEnded(t *testing.T) {
	t.Parallel()
	for range 300 {
		ctx, stop := context.WithCancelCause(t.Context())
		runStep(ctx, &fakeHost{auto: true}, engine.Checkpoint{Interval: -1}, func(ctx *engine.Context, _ *count) error {
			go stop(engine.ErrPaused)
			<-ctx.Done()
			if !ctx.Due() {
				t.Error("not Due, though the context has ended")
			}
			return ctx.Save()
		})
	}
}

// failing is a workflow whose first attempts fail; it tells how long the pause was before each later one.
func failing(attempts int, retry engine.Retry, paused func(time.Duration)) engine.Workflow[count, int64] {
	var failed time.Time
	def := countTo(func(ctx *engine.Context, _ *count) error {
		if ctx.Run().Attempt > 1 {
			paused(time.Since(failed))
		}
		failed = time.Now()
		if ctx.Run().Attempt <= attempts {
			return fmt.Errorf("attempt %d", ctx.Run().Attempt)
		}
		return nil
	})
	def.Steps[0].Retry = retry
	return def
}

// Each pause is Factor times the one before, up to Max; in the foreground and by a worker.
func TestRetriesBackOff(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	retry := engine.Retry{Attempts: 4, Initial: 50 * ms, Factor: 3, Max: 200 * ms, Jitter: -1}
	execute := map[string]func(*testing.T, *engine.Engine){
		"foreground": func(t *testing.T, eng *engine.Engine) {
			if _, err := counting.Run(t.Context(), eng, count{N: 1}, nil); err != nil {
				t.Error(err)
			}
		},
		"worker": func(t *testing.T, eng *engine.Engine) {
			serve(t, eng)
			run, err := counting.Start(t.Context(), eng, count{N: 1}, nil)
			if err == nil {
				_, err = counting.Wait(t.Context(), eng, run.ID)
			}
			if err != nil {
				t.Error(err)
			}
		},
	}
	for name, fn := range execute {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var pauses []time.Duration
			eng := newEngine(t, failing(3, retry, func(d time.Duration) { pauses = append(pauses, d) }))
			fn(t, eng)
			want := []time.Duration{50 * ms, 150 * ms, 200 * ms}
			if len(pauses) != len(want) {
				t.Fatalf("pauses = %v, want %v", pauses, want)
			}
			for i, got := range pauses {
				if got < want[i]-ms || got > want[i]+700*ms {
					t.Errorf("pauses = %v, want %v", pauses, want)
				}
			}
		})
	}
}

// When a run is due is stored: another process goes on with it, and not before.
func TestDueTimeOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	def := failing(1, engine.Retry{Attempts: 2, Initial: 700 * time.Millisecond, Jitter: -1}, func(time.Duration) {})
	var due time.Time
	withEngine(t, path, func(eng *engine.Engine) {
		run, err := counting.Start(t.Context(), eng, count{N: 1}, nil)
		if err == nil {
			run, err = eng.Execute(t.Context(), run.ID, &engine.ExecuteOptions{Return: true})
		}
		if err != nil || run.Status != engine.Waiting || !strings.HasPrefix(run.Reason, "retry 2 of 2") {
			t.Fatalf("Execute = %s %q, %v; want waiting for retry 2 of 2", run.Status, run.Reason, err)
		}
		due = run.Due
	}, def)
	eng := openEngine(t, engine.Config{Path: path}, def)
	serve(t, eng)
	if _, err := counting.Wait(t.Context(), eng, 1); err != nil {
		t.Fatal(err)
	}
	for _, ev := range history(t, eng, 1) {
		if late := ev.Time.Sub(due); ev.Kind == "claimed" && (late < 0 || late > 500*time.Millisecond) {
			t.Errorf("the run was taken %v after it was due", late)
		}
	}
}

// A worker that looks for work never misses that there is some.
func TestNoWakeUpIsLost(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, countTo(nil))
	serve(t, eng)
	for range 60 { // in each round slots are freed while runs are started; nothing follows the last one
		var round sync.WaitGroup
		for range 6 {
			round.Go(func() {
				for range 3 {
					begun := time.Now()
					run, err := counting.Start(t.Context(), eng, count{N: 1}, nil)
					if err == nil {
						_, err = counting.Wait(t.Context(), eng, run.ID)
					}
					if took := time.Since(begun); err != nil || took > 700*time.Millisecond { // a lost one costs a second
						t.Errorf("run %d took %v from start to end, %v", run.ID, took, err)
						return
					}
				}
			})
		}
		round.Wait()
	}
}

// Serve waits for a step that does not stop, but not for ever: the run is free for others then, and
// what the step comes to in the end does not count.
func TestServeDrains(t *testing.T) {
	t.Parallel()
	begun, goOn, returned := make(chan bool), make(chan bool), make(chan bool)
	eng := openEngine(t, engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), DrainTimeout: 100 * time.Millisecond},
		countTo(func(ctx *engine.Context, s *count) error {
			defer close(returned)
			close(begun)
			<-goOn // deaf to ctx
			s.Total = -1000
			if !errors.Is(context.Cause(ctx), engine.ErrShutdown) {
				t.Errorf("cause = %v, want ErrShutdown", context.Cause(ctx))
			}
			return nil
		}))
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- eng.Serve(ctx) }() // ends with ctx
	if _, err := counting.Start(t.Context(), eng, count{N: 1}, nil); err != nil {
		t.Fatal(err)
	}
	<-begun
	stop()
	if err := <-served; err == nil || !strings.Contains(err.Error(), "runs [1] did not stop within 100ms") {
		t.Errorf("Serve = %v, want an error that names run 1", err)
	}
	free, err := eng.Get(t.Context(), 1)
	if err != nil || free.Status != engine.Pending || free.Worker != 0 || free.Deaths != 0 {
		t.Errorf("run = %s of worker %d, %v; want pending and free", free.Status, free.Worker, err)
	}
	close(goOn)
	<-returned
	if run, err := eng.Get(t.Context(), 1); err != nil || run.Seq != free.Seq || run.Status != engine.Pending {
		t.Errorf("run = %s seq %d, %v; want it as it was", run.Status, run.Seq, err)
	}
}
