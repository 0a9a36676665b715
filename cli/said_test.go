package cli_test

import (
	"errors"
	"math"

	"github.com/durable-wf/wf/engine"
)

type measureState struct {
	Customer int64  `json:"customer" help:"whose run it is"`
	Fail     string `json:"fail" help:"fail with this message after the first step"`
}

// measure says for whom it works, and measures something.
func measure() engine.Definition {
	const name engine.Name[measureState, int64] = "measure"
	return engine.Workflow[measureState, int64]{Name: name, Doc: "Measure.", Steps: []engine.Step[measureState]{
		{Name: "look", Do: func(ctx *engine.Context, s *measureState) (engine.Transition, error) {
			ctx.Set("customer", s.Customer)
			ctx.Set("odd name", "Ä")
			ctx.Metric("loss", math.Inf(1))
			ctx.Progress(7, 10)
			ctx.Metric("loss", 0.25)
			ctx.Metric("temp", math.NaN())
			return engine.Next(), nil
		}},
		{Name: "tell", Do: func(_ *engine.Context, s *measureState) (engine.Transition, error) {
			if s.Fail != "" {
				return engine.Transition{}, engine.Permanent(errors.New(s.Fail))
			}
			return name.Done(s.Customer), nil
		}},
	}}
}
