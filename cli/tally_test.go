package cli_test

import (
	"time"

	"github.com/durable-wf/wf/engine"
)

type tallyState struct {
	N     int64         `json:"n" help:"add the integers from 1 to this one"`
	Delay time.Duration `json:"delay" help:"sleep so long before each addition" default:"0s"`
	I     int64         `json:"i"`
	Total int64         `json:"total"`
}

// tally adds the integers from 1 to n, and tells its progress to the last one.
func tally() engine.Definition {
	const name engine.Name[tallyState, int64] = "tally"
	return engine.Workflow[tallyState, int64]{
		Name:    name,
		Version: 3,
		Doc:     "Add integers.",
		Steps: []engine.Step[tallyState]{
			{Name: "add", Retry: engine.Retry{Attempts: 5}, Do: func(ctx *engine.Context, s *tallyState) (engine.Transition, error) {
				for s.I < s.N {
					time.Sleep(s.Delay)
					s.I++
					s.Total += s.I
					ctx.Progress(s.I, s.N)
					if ctx.Due() {
						if err := ctx.Save(); err != nil {
							return engine.Transition{}, err
						}
					}
				}
				return engine.Next(), nil
			}},
			{Name: "report", Do: func(_ *engine.Context, s *tallyState) (engine.Transition, error) {
				return name.Done(s.Total), nil
			}},
		},
	}
}

// panics panics.
func panics() engine.Definition {
	const name engine.Name[struct{}, string] = "panics"
	return engine.Workflow[struct{}, string]{
		Name: name,
		Doc:  "Panic.",
		Steps: []engine.Step[struct{}]{{Name: "panic", Do: func(*engine.Context, *struct{}) (engine.Transition, error) {
			panic("out of cheese")
		}}},
	}
}
