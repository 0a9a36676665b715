package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// quick is a retry without a pause to speak of.
func quick(attempts int) engine.Retry {
	return engine.Retry{Attempts: attempts, Initial: time.Microsecond, Max: time.Microsecond}
}

// executed starts a run here and executes it to its end.
func executed(t testing.TB, eng *engine.Engine, workflow string, opts *engine.StartOptions) engine.Run {
	t.Helper()
	run, _, err := eng.StartHere(t.Context(), workflow, nil, opts)
	if err != nil {
		t.Fatalf("StartHere: %v", err)
	}
	if run, err = eng.Execute(t.Context(), run.ID, nil); err != nil {
		t.Fatalf("Execute: %v", err)
	}
	return run
}

// errorsOf returns the errors of a run's failed attempts.
func errorsOf(t testing.TB, eng *engine.Engine, id int64) (list []string) {
	t.Helper()
	for _, ev := range history(t, eng, id) {
		if ev.Kind == "attempt" {
			list = append(list, ev.Error)
		}
	}
	return list
}

// A try of a step that takes too long is a failed attempt, which is retried with all the time again.
func TestStepTimeout(t *testing.T) {
	t.Parallel()
	const over = `step "only": timed out after 20ms`
	for _, tt := range []struct {
		name string
		do   func(ctx *engine.Context) error
		want string
	}{
		{"it stops", func(ctx *engine.Context) error { <-ctx.Done(); return ctx.Err() }, over},
		{"it stops with the cause", func(ctx *engine.Context) error { <-ctx.Done(); return context.Cause(ctx) }, over},
		{"it has an error of its own", func(ctx *engine.Context) error { <-ctx.Done(); return errors.New("half done") }, over + ": half done"},
		{"it succeeds too late", func(ctx *engine.Context) error { <-ctx.Done(); return nil }, over},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var causes []error
			w := oneStep("slow", func(ctx *engine.Context, _ *count) (engine.Transition, error) {
				err := tt.do(ctx)
				causes = append(causes, context.Cause(ctx))
				return engine.Done(int64(1)), err
			})
			w.Steps[0].Timeout, w.Steps[0].Retry = 20*time.Millisecond, quick(2)
			eng := newEngine(t, w)
			run := executed(t, eng, "slow", nil)
			if run.Status != engine.Failed || run.Error != tt.want {
				t.Errorf("run %s: %q; want failed: %q", run.Status, run.Error, tt.want)
			}
			if got := errorsOf(t, eng, run.ID); len(got) != 2 || got[0] != tt.want {
				t.Errorf("attempts failed with %q", got)
			}
			if len(causes) != 2 || !errors.Is(causes[1], engine.ErrStepTimeout) {
				t.Errorf("causes %v, want ErrStepTimeout twice", causes)
			}
		})
	}
}

// P3: a step whose time is over may save a last time, and the next try goes on from there.
func TestTimeoutKeepsTheLastSave(t *testing.T) {
	t.Parallel()
	w := oneStep("slow", func(ctx *engine.Context, s *count) (engine.Transition, error) {
		if s.I == 2 {
			return engine.Done(s.I), nil
		}
		<-ctx.Done()
		s.I++
		err := ctx.Save()
		s.I = 100
		return engine.Done(s.I), err
	})
	w.Steps[0].Timeout, w.Steps[0].Retry = 10*time.Millisecond, quick(2)
	eng := newEngine(t, w)
	run := executed(t, eng, "slow", nil)
	if run.Status != engine.Completed || string(run.Result) != "2" {
		t.Errorf("run %s with %s, want completed with 2", run.Status, run.Result)
	}
	if got := strings.Join(kinds(t, eng, run.ID), " "); got != "created checkpoint attempt claimed checkpoint attempt claimed completed" {
		t.Errorf("history: %s", got)
	}
}

// What a try has used of its time is committed with its checkpoints, and counts after a restart; a takeover
// goes on with what is left, and if nothing is, the step does not begin.
func TestTimeoutSurvivesRestarts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		used    time.Duration
		entered bool
	}{{"a little is left", time.Hour - 20*time.Millisecond, true}, {"nothing is left", time.Hour, false}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "wf.db")
			var entered atomic.Int32
			w := oneStep("slow", func(ctx *engine.Context, s *count) (engine.Transition, error) {
				if entered.Add(1) == 1 {
					time.Sleep(time.Millisecond)
					return engine.Done(int64(0)), errors.Join(ctx.Save(), ctx.Save(), context.Canceled)
				}
				<-ctx.Done()
				return engine.Done(int64(0)), ctx.Err()
			})
			w.Steps[0].Timeout = time.Hour
			ctx, suspend := context.WithCancel(t.Context())
			first := w
			first.Steps = []engine.Step[count]{w.Steps[0]}
			do := w.Steps[0].Do
			first.Steps[0].Do = func(c *engine.Context, s *count) (engine.Transition, error) {
				suspend()
				<-c.Done()
				return do(c, s)
			}
			withEngine(t, path, func(eng *engine.Engine) {
				run, _, err := eng.StartHere(t.Context(), "slow", nil, nil)
				if err != nil {
					t.Fatal(err)
				}
				if run, err = eng.Execute(ctx, run.ID, nil); err != nil || run.Status != engine.Suspended {
					t.Fatalf("Execute = %s, %v; want suspended", run.Status, err)
				}
			}, first)
			if used := scalar(t, path, "SELECT tried_us FROM wf_runs"); used < 1000 {
				t.Errorf("%d µs of the step's time are used, want 1 ms or more", used)
			}
			mustExec(t, path, "UPDATE wf_runs SET tried_us = ?", tt.used.Microseconds())
			withEngine(t, path, func(eng *engine.Engine) {
				run, err := eng.Execute(t.Context(), 1, nil)
				if err != nil || run.Status != engine.Failed || run.Error != `step "only": timed out after 1h0m0s` {
					t.Errorf("Execute = %s: %s, %v; want timed out", run.Status, run.Error, err)
				}
			}, w)
			if begun := entered.Load() == 2; begun != tt.entered {
				t.Errorf("the step has begun again: %v, want %v", begun, tt.entered)
			}
		})
	}
}

// A step that shows no sign of life is stopped; saves, progress and recorded calls are signs of life.
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	const beat = time.Second // many times what a save takes on a loaded machine
	for _, tt := range []struct {
		name  string
		alive func(ctx *engine.Context) error
		want  engine.Status
	}{
		{"silent", func(*engine.Context) error { return nil }, engine.Failed},
		{"progress", func(ctx *engine.Context) error { ctx.Progress(1, 2); return nil }, engine.Completed},
		{"saves", (*engine.Context).Save, engine.Completed},
		{"calls", func(ctx *engine.Context) error {
			return engine.Exec(ctx, "call", func(context.Context) error { return nil })
		}, engine.Completed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := oneStep("beating", func(ctx *engine.Context, _ *count) (engine.Transition, error) {
				for begun := time.Now(); time.Since(begun) < 3*beat; {
					select {
					case <-ctx.Done():
						return engine.Transition{}, context.Cause(ctx)
					case <-time.After(beat / 8):
					}
					if err := tt.alive(ctx); err != nil {
						return engine.Transition{}, err
					}
				}
				return engine.Done(int64(1)), nil
			})
			w.Steps[0].Heartbeat = beat
			run := executed(t, newEngine(t, w), "beating", nil)
			if run.Status != tt.want {
				t.Errorf("run %s: %s; want %s", run.Status, run.Error, tt.want)
			}
			if want := `step "only": no sign of life for 1s`; tt.want == engine.Failed && run.Error != want {
				t.Errorf("error %q, want %q", run.Error, want)
			}
		})
	}
}

// heedless is a workflow whose step does not stop before let is closed; what it then gets from its Context
// goes to said.
func heedless(let <-chan struct{}, in chan<- bool, said chan<- error) engine.Workflow[count, int64] {
	return oneStep("heedless", func(ctx *engine.Context, s *count) (engine.Transition, error) {
		in <- true
		<-let
		s.I = 7
		said <- ctx.Save()
		_, err := engine.Do(ctx, "call", func(context.Context) (int, error) { return 1, errors.New("called") })
		said <- err
		ctx.Progress(99, 99)
		return engine.Done(s.I), nil
	})
}

// A step that does not heed its time-out is given up: its attempt has failed, its slot is free, and nothing
// of it counts any more (P5).
func TestHeedlessStepIsGivenUp(t *testing.T) {
	t.Parallel()
	let, in, said := make(chan struct{}), make(chan bool, 9), make(chan error, 9)
	w := heedless(let, in, said)
	w.Steps[0].Timeout = 10 * time.Millisecond
	var log bytes.Buffer
	eng := openEngine(t, engine.Config{
		Path: filepath.Join(t.TempDir(), "wf.db"), Grace: 15 * time.Millisecond, Workers: 1,
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}, w, countTo(nil))
	run := executed(t, eng, "heedless", nil)
	want := `step "only": timed out after 10ms; it did not heed its context and was given up after 15ms`
	if run.Status != engine.Failed || run.Error != want {
		t.Errorf("run %s: %q; want failed: %q", run.Status, run.Error, want)
	}
	if text := log.String(); !strings.Contains(text, "does not heed its context") || !strings.Contains(text, "step=only") {
		t.Errorf("the log does not name the step: %q", text)
	}
	close(let)
	if err := <-said; !errors.Is(err, engine.ErrAttemptEnded) {
		t.Errorf("Save of a step that was given up: %v, want ErrAttemptEnded", err)
	}
	if err := <-said; !errors.Is(err, engine.ErrAttemptEnded) {
		t.Errorf("Do of a step that was given up: %v, want ErrAttemptEnded", err)
	}
	after, err := eng.Get(t.Context(), run.ID)
	if err != nil || after.Seq != run.Seq || string(after.State) != string(run.State) || after.Progress.Done == 99 {
		t.Errorf("the run has changed: seq %d, state %s, %v", after.Seq, after.State, err)
	}
}

// A worker's slot is free again once its step was given up.
func TestGivenUpStepFreesItsSlot(t *testing.T) {
	t.Parallel()
	let, in := make(chan struct{}), make(chan bool, 9)
	w := heedless(let, in, make(chan error, 9))
	w.Steps[0].Timeout = time.Millisecond
	eng := openEngine(t, engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), Grace: time.Millisecond, Workers: 1}, w, countTo(nil))
	serve(t, eng)
	if _, err := w.Name.Start(t.Context(), eng, count{}, nil); err != nil {
		t.Fatal(err)
	}
	run, err := counting.Start(t.Context(), eng, count{N: 3}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := counting.Wait(t.Context(), eng, run.ID); err != nil || got != 6 {
		t.Errorf("the run behind it: %d, %v; want 6", got, err)
	}
	close(let)
}

// A cancel asks first, then forces; a later one overrides the patience of an earlier one. A pause never forces.
func TestForcedCancel(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		do   func(eng *engine.Engine, id int64) (engine.Run, error)
	}{
		{"force", func(eng *engine.Engine, id int64) (engine.Run, error) {
			return eng.CancelWith(context.Background(), id, &engine.CancelOptions{Reason: "stuck", Force: true})
		}},
		{"grace", func(eng *engine.Engine, id int64) (engine.Run, error) {
			return eng.CancelWith(context.Background(), id, &engine.CancelOptions{Reason: "stuck", Grace: 10 * time.Millisecond})
		}},
		{"cancel, then force", func(eng *engine.Engine, id int64) (engine.Run, error) {
			if _, err := eng.CancelWith(context.Background(), id, &engine.CancelOptions{Grace: time.Hour}); err != nil {
				return engine.Run{}, err
			}
			return eng.CancelWith(context.Background(), id, &engine.CancelOptions{Reason: "stuck", Force: true})
		}},
		{"pause, then force", func(eng *engine.Engine, id int64) (engine.Run, error) {
			if _, err := eng.Pause(context.Background(), id, "wait"); err != nil {
				return engine.Run{}, err
			}
			return eng.CancelWith(context.Background(), id, &engine.CancelOptions{Reason: "stuck", Force: true})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "wf.db")
			let, in := make(chan struct{}), make(chan bool, 9)
			defer close(let)
			w := heedless(let, in, make(chan error, 9))
			owner, other := openEngine(t, engine.Config{Path: path, Grace: time.Hour}, w), openEngine(t, engine.Config{Path: path}, w)
			run, _, err := owner.StartHere(t.Context(), "heedless", nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() {
				_, err := owner.Execute(t.Context(), run.ID, nil)
				ended <- err
			}()
			<-in
			if _, err := tt.do(other, run.ID); err != nil {
				t.Fatal(err)
			}
			if err := <-ended; err != nil { // the foreground returns, though the step does not
				t.Errorf("Execute: %v", err)
			}
			run, err = other.Get(t.Context(), run.ID)
			if err != nil || run.Status != engine.Cancelled || !strings.HasPrefix(run.Reason, "stuck") || run.Want != "" {
				t.Errorf("run %s, reason %q, want %q, %v; want cancelled", run.Status, run.Reason, run.Want, err)
			}
			told := ""
			for _, ev := range history(t, other, run.ID) {
				told += ev.Error
			}
			if !strings.Contains(told, "did not heed its context") {
				t.Errorf("the history does not tell that the step was given up: %q", told)
			}
		})
	}
}

// A step that ends its goroutine has failed; its run does not stay running.
func TestGoexit(t *testing.T) {
	t.Parallel()
	var tries int
	w := oneStep("exits", func(*engine.Context, *count) (engine.Transition, error) {
		if tries++; tries == 1 {
			runtime.Goexit()
		}
		return engine.Done(int64(tries)), nil
	})
	w.Steps[0].Retry = quick(2)
	eng := newEngine(t, w)
	run := executed(t, eng, "exits", nil)
	if run.Status != engine.Completed || tries != 2 {
		t.Errorf("run %s after %d tries: %s", run.Status, tries, run.Error)
	}
	if got := errorsOf(t, eng, run.ID); len(got) != 1 || !strings.Contains(got[0], "Goexit") {
		t.Errorf("attempts failed with %q", got)
	}
}

// A run that has not ended by its deadline fails; one that waits for a worker then runs no step.
func TestDeadlineBeforeTheStep(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	w := oneStep("late", func(*engine.Context, *count) (engine.Transition, error) {
		t.Error("the step runs after the deadline")
		return engine.Next(), nil
	})
	withEngine(t, path, func(eng *engine.Engine) {
		if _, err := w.Name.Start(t.Context(), eng, count{}, nil); err != nil {
			t.Fatal(err)
		}
	}, w)
	mustExec(t, path, "UPDATE wf_runs SET deadline_us = 1")
	eng := openEngine(t, engine.Config{Path: path}, w)
	run, err := eng.Execute(t.Context(), 1, nil)
	if err != nil || run.Status != engine.Failed || !strings.HasPrefix(run.Error, "the run's deadline is over: it was to end by 1970-") {
		t.Errorf("Execute = %s: %s, %v; want failed by its deadline", run.Status, run.Error, err)
	}
	if run.Attempt != 0 {
		t.Errorf("attempt %d is counted, none has begun", run.Attempt)
	}
}

// A step under way when the deadline comes is cancelled. If it ends well all the same, the run fails with
// what it did.
func TestDeadlineWithinTheStep(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		err   error
		state string
	}{{"it stops", context.Canceled, `"i":0`}, {"it ends well", nil, `"i":5`}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var cause error
			w := oneStep("late", func(ctx *engine.Context, s *count) (engine.Transition, error) {
				<-ctx.Done()
				cause = context.Cause(ctx)
				s.I = 5
				return engine.Next(), tt.err
			})
			w.Deadline = 500 * time.Millisecond // long enough for the step to begin on a loaded machine
			w.Steps[0].Retry = quick(3)
			eng := newEngine(t, w)
			run := executed(t, eng, "late", nil)
			if run.Status != engine.Failed || !errors.Is(cause, engine.ErrDeadline) || !strings.Contains(run.Error, "deadline") {
				t.Errorf("run %s: %s, cause %v; want failed by its deadline", run.Status, run.Error, cause)
			}
			if !strings.Contains(string(run.State), tt.state) {
				t.Errorf("state %s, want %s in it", run.State, tt.state)
			}
			if len(errorsOf(t, eng, run.ID)) != 1 {
				t.Errorf("attempts failed with %q, want one", errorsOf(t, eng, run.ID))
			}
		})
	}
}

// Retry.If tells which errors are worth another attempt.
func TestRetryIf(t *testing.T) {
	t.Parallel()
	errBusy := errors.New("busy")
	for _, tt := range []struct {
		name  string
		err   error
		tries int
		want  string
	}{
		{"worth it", fmt.Errorf("the server is %w", errBusy), 3, "the server is busy"},
		{"not worth it", errors.New("no such card"), 1, "no such card"},
		{"the predicate panics", nil, 1, "and Retry.If: panic: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tries := 0
			w := oneStep("picky", func(*engine.Context, *count) (engine.Transition, error) {
				tries++
				return engine.Transition{}, tt.err
			})
			w.Steps[0].Retry = quick(3)
			w.Steps[0].Retry.If = func(err error) bool {
				if tt.err == nil {
					panic(err)
				}
				return errors.Is(err, errBusy)
			}
			if tt.err == nil {
				w.Steps[0].Do = func(*engine.Context, *count) (engine.Transition, error) {
					tries++
					return engine.Transition{}, errors.New("no")
				}
			}
			run := executed(t, newEngine(t, w), "picky", nil)
			if run.Status != engine.Failed || tries != tt.tries || !strings.Contains(run.Error, tt.want) {
				t.Errorf("run %s after %d tries: %q; want %d and %q", run.Status, tries, run.Error, tt.tries, tt.want)
			}
		})
	}
}

// P6: what a process had used of a step's time when it died, as far as it was committed, counts for the one that
// takes the run over.
func TestTimeoutAfterATakeover(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	let, saved := make(chan struct{}), make(chan error, 9)
	defer close(let)
	hung := oneStep("slow", func(ctx *engine.Context, s *count) (engine.Transition, error) {
		time.Sleep(2 * time.Millisecond)
		saved <- engine.Exec(ctx, "call", func(context.Context) error { return nil })
		<-let
		return engine.Done(int64(1)), nil
	})
	hung.Steps[0].Timeout = time.Hour
	died := openEngine(t, engine.Config{Path: path, DrainTimeout: time.Millisecond}, hung)
	run, _, err := died.StartHere(t.Context(), "slow", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	go died.Execute(context.Background(), run.ID, nil) //nolint:errcheck // it is dead
	if err := <-saved; err != nil {
		t.Fatal(err)
	}
	if used := scalar(t, path, "SELECT tried_us FROM wf_runs"); used < 2000 {
		t.Errorf("%d µs of the step's time are used, want 2 ms or more", used)
	}
	if err := died.Abandon(); err != nil {
		t.Fatal(err)
	}
	changeBeside(t, path, "UPDATE wf_runs SET tried_us = 3600000000 - 5000")
	w := oneStep("slow", func(ctx *engine.Context, _ *count) (engine.Transition, error) {
		<-ctx.Done()
		return engine.Transition{}, ctx.Err()
	})
	w.Steps[0].Timeout = time.Hour
	eng := openEngine(t, engine.Config{Path: path}, w)
	if run, err = eng.Execute(t.Context(), run.ID, nil); err != nil || run.Status != engine.Failed || run.Error != `step "only": timed out after 1h0m0s` {
		t.Errorf("Execute = %s: %s, %v; want timed out", run.Status, run.Error, err)
	}
}
