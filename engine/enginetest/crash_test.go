package enginetest_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"testing"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/enginetest"
	"github.com/durable-wf/wf/steps"
)

// A death costs the better part of a second under the race detector, and these workflows have a hundred commits.
var crashEach = flag.Int("crash.each", 13, "let each so-many-th commit be a crash")

func TestSumCrashesEverywhere(t *testing.T) {
	t.Parallel()
	enginetest.CrashEverywhere(t, steps.SumWorkflow(), steps.SumState{N: 400_000}, &enginetest.CrashOptions{
		Start: &engine.StartOptions{Checkpoint: engine.Checkpoint{Every: 100_000}}, Each: *crashEach,
	})
}

// order is the state of a workflow that does a little of everything.
type order struct {
	Items int      `json:"items" help:"how many to pack"`
	I     int      `json:"i"`
	Ref   string   `json:"ref"`
	Log   []string `json:"log"`
	Drawn []int    `json:"drawn"`
}

const ordering engine.Name[order, string] = "ordering"

func packItem(ctx *engine.Context, s *order) error {
	_, err := engine.Do(ctx, "pack", func(context.Context) (int, error) { return s.I, nil })
	if err != nil {
		return err
	}
	s.Drawn = append(s.Drawn, ctx.Rand().IntN(1000))
	s.I++
	if ctx.Due() {
		return ctx.Save()
	}
	return nil
}

// orders calls, saves, goes to and fro, and fails at first.
func orders() engine.Workflow[order, string] {
	return engine.Workflow[order, string]{
		Name: ordering, Checkpoint: engine.Checkpoint{Every: 1},
		Steps: []engine.Step[order]{
			{Name: "reserve", Retry: engine.Retry{Attempts: 3}, Do: func(ctx *engine.Context, s *order) (engine.Transition, error) {
				ref, err := engine.Do(ctx, "reserve", func(context.Context) (string, error) { return fmt.Sprint("ref ", s.Items), nil })
				if err != nil {
					return engine.Transition{}, err
				}
				if ctx.Run().Attempt == 1 {
					return engine.Transition{}, errors.New("not yet")
				}
				s.Ref = ref
				return engine.Next(), nil
			}},
			{Name: "pack", Do: func(ctx *engine.Context, s *order) (engine.Transition, error) {
				for s.I < s.Items {
					if err := packItem(ctx, s); err != nil {
						return engine.Transition{}, err
					}
				}
				return engine.Goto("check"), nil
			}},
			{Name: "never", Do: func(*engine.Context, *order) (engine.Transition, error) { return engine.Done("never"), nil }},
			{Name: "check", Do: func(ctx *engine.Context, s *order) (engine.Transition, error) {
				if s.Log = append(s.Log, ctx.Run().Step); len(s.Log) < 3 {
					return engine.Repeat(), nil
				}
				return ordering.Done(fmt.Sprint(s.Ref, s.I, s.Log, s.Drawn)), nil
			}},
		},
	}
}

func TestOrderCrashesEverywhere(t *testing.T) {
	t.Parallel()
	enginetest.CrashEverywhere(t, orders(), order{Items: 3}, &enginetest.CrashOptions{Each: *crashEach})
}
