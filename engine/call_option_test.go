package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// runOnly executes a run of one step and returns how it ended.
func runOnly(t *testing.T, do func(*engine.Context, *count) (engine.Transition, error)) (*engine.Engine, engine.Run) {
	t.Helper()
	w := oneStep("step", do)
	eng := newEngine(t, w)
	run, _, err := eng.StartHere(t.Context(), "step", nil, nil)
	if err == nil {
		run, err = eng.Execute(t.Context(), run.ID, nil)
	}
	if err != nil {
		t.Fatalf("Execute: %v", err)
	}
	return eng, run
}

// CallRetry repeats a call within the attempt, with the same key, and only its success is recorded.
func TestCallRetryRepeatsACall(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	for _, test := range []struct {
		name  string
		retry engine.Retry
		fails []error // of the first tries
		tries int
		want  string // error of the run; "" if it completes
	}{
		{"succeeds", engine.Retry{Attempts: 3}, []error{refused, refused}, 3, ""},
		{"no policy", engine.Retry{}, []error{refused}, 1, `call "c": refused`},
		{"exhausted", engine.Retry{Attempts: 2}, []error{refused, refused, refused}, 2, `call "c": try 2: refused`},
		{"no limit", engine.Retry{Attempts: -1}, []error{refused, refused, refused, refused}, 5, ""},
		{"permanent", engine.Retry{Attempts: -1}, []error{refused, engine.Permanent(refused)}, 2, `call "c": try 2: refused`},
		{"if", engine.Retry{Attempts: -1, If: func(err error) bool { return !errors.Is(err, context.Canceled) }},
			[]error{refused, context.Canceled}, 2, `call "c": try 2: context canceled`},
		{"if panics", engine.Retry{Attempts: -1, If: func(error) bool { panic("boom") }}, []error{refused}, 1, `call "c": refused (and Retry.If: panic: boom)`},
		{"misuse", engine.Retry{Attempts: 2, Factor: 0.5}, nil, 0, `call "c": retry: factor 0.5 must be 1 or more`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var keys []string
			test.retry.Initial = time.Millisecond
			eng, run := runOnly(t, func(ctx *engine.Context, _ *count) (engine.Transition, error) {
				v, err := engine.Do(ctx, "c", func(ctx context.Context) (int64, error) {
					keys = append(keys, engine.CallKey(ctx))
					if n := len(keys); n <= len(test.fails) {
						return 0, test.fails[n-1]
					}
					return 7, nil
				}, engine.CallRetry(test.retry))
				return engine.Done(v), err
			})
			if len(keys) != test.tries {
				t.Errorf("%d tries, want %d", len(keys), test.tries)
			}
			for _, key := range keys {
				if key != keys[0] || key == "" {
					t.Errorf("keys are %q, want the same", keys)
				}
			}
			if run.Error != test.want || (run.Status == engine.Completed) != (test.want == "") {
				t.Errorf("run is %s with error %q, want %q", run.Status, run.Error, test.want)
			}
			if test.want != "" {
				return
			}
			if got, want := string(history(t, eng, 1)[1].Detail), fmt.Sprintf(`"tries":%d`, test.tries); !strings.Contains(got, want) {
				t.Errorf("event of the call: %s, want %s in it", got, want)
			}
		})
	}
}

func TestCallTimeoutBoundsEachTry(t *testing.T) {
	t.Parallel()
	var tries int
	_, run := runOnly(t, func(ctx *engine.Context, _ *count) (engine.Transition, error) {
		err := engine.Exec(ctx, "quick", func(context.Context) error { return nil }, engine.CallTimeout(time.Minute), nil)
		if err != nil {
			t.Errorf("quick: %v", err)
		}
		err = engine.Exec(ctx, "slow", func(ctx context.Context) error {
			tries++
			<-ctx.Done()
			if !errors.Is(context.Cause(ctx), engine.ErrCallTimeout) {
				t.Errorf("cause is %v", context.Cause(ctx))
			}
			return ctx.Err()
		}, engine.CallTimeout(time.Millisecond), engine.CallRetry(engine.Retry{Attempts: 2, Initial: time.Millisecond}))
		if !errors.Is(err, engine.ErrCallTimeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("slow: %v", err)
		}
		if err := engine.Exec(ctx, "wrong", func(context.Context) error { t.Error("called"); return nil }, engine.CallTimeout(-1)); err == nil {
			t.Error("a negative time-out was accepted")
		}
		return engine.Transition{}, err
	})
	if want := `call "slow": try 2: the call's time is over after 1ms: context deadline exceeded`; tries != 2 || run.Error != want {
		t.Errorf("after %d tries: %q, want 2 and %q", tries, run.Error, want)
	}
}

// A run that has to stop does not wait for the next try.
func TestPauseBetweenTriesEndsWithTheRun(t *testing.T) {
	t.Parallel()
	var eng *engine.Engine
	tried := 0
	w := oneStep("step", func(ctx *engine.Context, s *count) (engine.Transition, error) {
		if ctx.Run().Attempt > 1 {
			return engine.Done(s.I), nil
		}
		err := engine.Exec(ctx, "c", func(context.Context) error {
			tried++
			_, err := eng.Pause(context.Background(), ctx.Run().ID, "")
			return errors.Join(err, errors.New("no"))
		}, engine.CallRetry(engine.Retry{Attempts: 2, Initial: time.Hour}))
		if !errors.Is(err, engine.ErrPaused) {
			t.Errorf("Exec = %v, want ErrPaused", err)
		}
		return engine.Transition{}, err
	})
	eng = newEngine(t, w)
	if _, err := w.Name.Run(t.Context(), eng, count{}, nil); !errors.Is(err, engine.ErrPaused) || tried != 1 {
		t.Errorf("Run = %v after %d tries, want paused after 1", err, tried)
	}
}
