package engine_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// drain returns all that Recorded finds from here on.
func drain(t *testing.T, ctx *engine.Context, name string) (list []int64) {
	t.Helper()
	for {
		v, ok, err := engine.Recorded[int64](ctx, name)
		if err != nil {
			t.Errorf("Recorded: %v", err)
		}
		if !ok {
			return list
		}
		list = append(list, v)
	}
}

// Recorded looks at what is ahead of Do, and takes nothing away from it.
func TestRecordedLooksAheadOfDo(t *testing.T) {
	t.Parallel()
	var made int64
	do := func(ctx *engine.Context) int64 {
		v, err := engine.Do(ctx, "c", func(context.Context) (int64, error) { made++; return made, nil })
		if err != nil {
			t.Errorf("Do: %v", err)
		}
		return v
	}
	expect := func(what string, got []int64, want ...int64) {
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	again := errors.New("again")
	var late *engine.Context
	w := oneStep("step", func(ctx *engine.Context, s *count) (engine.Transition, error) {
		late = ctx
		switch ctx.Run().Attempt {
		case 1:
			expect("before any call", drain(t, ctx, "c"))
			expect("calls", []int64{do(ctx), do(ctx), do(ctx)}, 1, 2, 3)
			expect("of this attempt", drain(t, ctx, "c"))
			return engine.Transition{}, again
		case 2:
			expect("of another name", drain(t, ctx, "d"))
			expect("all", drain(t, ctx, "c"), 1, 2, 3)
			expect("once more", drain(t, ctx, "c"))
			expect("calls after it", []int64{do(ctx), do(ctx), do(ctx), do(ctx)}, 1, 2, 3, 4)
			return engine.Transition{}, again
		case 3:
			expect("calls", []int64{do(ctx), do(ctx)}, 1, 2)
			expect("ahead", drain(t, ctx, "c"), 3, 4)
			if err := ctx.Save(); err != nil { // covers the first two
				return engine.Transition{}, err
			}
			return engine.Transition{}, again
		}
		expect("after the checkpoint", drain(t, ctx, "c"), 3, 4)
		expect("call after the checkpoint", []int64{do(ctx)}, 3)
		if _, _, err := engine.Recorded[string](ctx, "c"); err != nil {
			t.Errorf("there is none to decode: %v", err)
		}
		return engine.Done(made), nil
	})
	w.Checkpoint.Every = 1
	w.Steps[0].Retry = engine.Retry{Attempts: 5, Initial: time.Millisecond}
	eng := newEngine(t, w)
	if got, err := w.Name.Run(t.Context(), eng, count{}, nil); err != nil || got != 4 {
		t.Errorf("Run = %d calls, %v; want 4", got, err)
	}
	if _, _, err := engine.Recorded[int64](late, "c"); !errors.Is(err, engine.ErrAttemptEnded) {
		t.Errorf("after the attempt: %v, want ErrAttemptEnded", err)
	}
}

// P7: what does not decode is not guessed.
func TestRecordedThatDoesNotDecodeBlocksTheRun(t *testing.T) {
	t.Parallel()
	w := oneStep("step", func(ctx *engine.Context, _ *count) (engine.Transition, error) {
		if ctx.Run().Attempt == 1 {
			_, err := engine.Do(ctx, "c", func(context.Context) (string, error) { return "seven", nil })
			return engine.Transition{}, errors.Join(err, errors.New("again"))
		}
		_, _, err := engine.Recorded[int64](ctx, "c")
		return engine.Transition{}, err
	})
	w.Steps[0].Retry = engine.Retry{Attempts: 5, Initial: time.Millisecond}
	eng := newEngine(t, w)
	_, err := w.Name.Run(t.Context(), eng, count{}, nil)
	if blocked, ok := errors.AsType[*engine.RunError](err); !ok || blocked.Status != engine.Blocked {
		t.Errorf("Run = %v, want blocked", err)
	}
}
