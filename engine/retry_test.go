package engine_test

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// A retry without an upper limit never gets a pause in the past.
func TestRetryWithoutLimit(t *testing.T) {
	t.Parallel()
	w := oneStep("r", func(*engine.Context, *count) (engine.Transition, error) { return engine.Transition{}, errors.New("no") })
	w.Steps[0].Retry = engine.Retry{Attempts: 5, Initial: math.MaxInt64, Max: math.MaxInt64, Jitter: -1}
	eng := newEngine(t, w)
	run, _, err := eng.StartHere(t.Context(), "r", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	run, err = eng.Execute(t.Context(), run.ID, &engine.ExecuteOptions{Return: true})
	if err != nil || run.Status != engine.Waiting || run.Due.Before(time.Now()) {
		t.Errorf("%s, due %v, %v", run.Status, run.Due, err)
	}
}

// A block is never larger than asked for, be the range wider than its type.
func TestBlocksOfAWideRange(t *testing.T) {
	t.Parallel()
	type state struct {
		I int8 `json:"i"`
	}
	var sizes []int
	w := engine.Workflow[state, int]{Name: "wide", Steps: []engine.Step[state]{{
		Name: "only", Do: func(ctx *engine.Context, s *state) (engine.Transition, error) {
			for from, to := range engine.Blocks(ctx, &s.I, 127, 100) {
				sizes = append(sizes, int(to)-int(from))
			}
			return engine.Next(), nil
		},
	}}}
	if _, err := w.Name.Run(t.Context(), newEngine(t, w), state{I: -128}, nil); err != nil || !slices.Equal(sizes, []int{100, 100, 55}) {
		t.Errorf("blocks of %v, %v; want 100, 100, 55", sizes, err)
	}
}
