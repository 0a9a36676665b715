package wf

import (
	"context"

	"github.com/durable-wf/wf/engine"
)

// count names the workflow whose runs execute so many steps.
const count engine.Name[state, int64] = "count"

type state struct {
	ID    string `json:"id"`
	Steps int    `json:"steps"`
	I     int    `json:"i"`
	Total int64  `json:"total"`
}

type stepFunc func(ctx context.Context, run string, i int) (int64, error)

func counting(do stepFunc) engine.Workflow[state, int64] {
	return engine.Workflow[state, int64]{Name: count, Steps: []engine.Step[state]{{Name: "work", Do: work(do)}}}
}

// work is a step: committed as a transition before the next begins.
func work(do stepFunc) func(*engine.Context, *state) (engine.Transition, error) {
	return func(ctx *engine.Context, s *state) (engine.Transition, error) {
		n, err := do(ctx, s.ID, s.I)
		if err != nil {
			return engine.Transition{}, err
		}
		s.I++
		s.Total += n
		if s.I < s.Steps {
			return engine.Repeat(), nil
		}
		return count.Done(s.Total), nil
	}
}
