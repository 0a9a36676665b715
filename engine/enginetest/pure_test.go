package enginetest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/enginetest"
)

// walk is the state of a random walk in pure steps, with an effect every now and then.
type walk struct {
	N     int   `json:"n" help:"how many steps"`
	I     int   `json:"i"`
	At    int64 `json:"at"`
	Saved int   `json:"saved"`
}

const walks engine.Name[walk, string] = "walks"

// walker draws, saves, measures, makes recorded calls and fails in pure steps, and books in others.
func walker() engine.Workflow[walk, string] {
	return engine.Workflow[walk, string]{Name: walks, Steps: []engine.Step[walk]{
		{Name: "draw", Pure: true, Retry: engine.Retry{Attempts: 3}, Do: func(ctx *engine.Context, s *walk) (engine.Transition, error) {
			s.I++
			s.At += ctx.Rand().Int64N(100)
			ctx.Metric("at", float64(s.At))
			switch {
			case s.I == 4 && ctx.Run().Attempt == 1:
				return engine.Transition{}, fmt.Errorf("it rains")
			case s.I == s.N:
				return walks.Done(fmt.Sprint(s.At)), nil
			case s.I%9 == 0:
				return engine.Goto("mark"), nil
			case s.I%7 == 0:
				return engine.Goto("note"), nil
			}
			return engine.Goto("think"), nil
		}},
		{Name: "think", Pure: true, Do: func(ctx *engine.Context, s *walk) (engine.Transition, error) {
			if s.I%5 == 0 && s.Saved != s.I {
				s.Saved = s.I
				s.At += ctx.Rand().Int64N(10)
				if err := ctx.Save(); err != nil {
					return engine.Transition{}, err
				}
			}
			return engine.Goto("draw"), nil
		}},
		{Name: "mark", Do: func(_ *engine.Context, s *walk) (engine.Transition, error) {
			return engine.Goto("draw").Tx(book("%d at %d", s.I, s.At)), nil
		}},
		{Name: "note", Pure: true, Do: func(ctx *engine.Context, s *walk) (engine.Transition, error) {
			n, err := engine.Do(ctx, "look", func(context.Context) (int64, error) { return s.At % 3, nil })
			if s.At += n; err == nil {
				err = bookOnce(ctx, "note", fmt.Sprintf("note %d", s.I))
			}
			return engine.Goto("draw"), err
		}},
	}}
}

// A chain of pure and other steps ends as it does without a death, wherever its process dies: the same numbers
// are drawn, and what it books stands there once.
func TestPureStepsCrashEverywhere(t *testing.T) {
	t.Parallel()
	enginetest.CrashEverywhere(t, walker(), walk{N: 22}, &enginetest.CrashOptions{
		Config: engine.Config{Setup: setup, Adopt: true}, Each: *crashEach, Again: 4,
	})
}
