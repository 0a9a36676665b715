package cli_test

import (
	"fmt"
	"time"

	"github.com/durable-wf/wf/engine"
)

// approval is the payload of a signal to ask's runs.
type approval struct {
	By string `json:"by"`
}

const approved engine.Signal[approval] = "approved"

type askState struct {
	Within time.Duration `json:"within" help:"how long to wait at most; 0s means for ever"`
}

// ask waits for a person.
func ask() engine.Definition {
	const name engine.Name[askState, string] = "ask"
	return engine.Workflow[askState, string]{
		Name: name, Doc: "Wait for a person.", Signals: []engine.AnySignal{approved},
		Steps: []engine.Step[askState]{
			{Name: "ask", Do: func(_ *engine.Context, s *askState) (engine.Transition, error) {
				t := approved.Await("thank")
				if s.Within > 0 {
					t = t.Within(s.Within, "give up")
				}
				return t, nil
			}},
			{Name: "thank", Do: func(ctx *engine.Context, _ *askState) (engine.Transition, error) {
				by, err := approved.Payload(ctx)
				return name.Done("thanks, " + by.By), err
			}},
			{Name: "give up", Do: func(*engine.Context, *askState) (engine.Transition, error) { return name.Done("nobody came"), nil }},
		},
	}
}

type crowdState struct {
	N     int           `json:"n" help:"how many children" default:"3"`
	Sleep time.Duration `json:"sleep" help:"how long each sleeps, unless it is woken"`
}

const woken engine.Signal[string] = "woken"

// crowd spawns children that sleep.
func crowd() []engine.Definition {
	const (
		name  engine.Name[crowdState, string] = "crowd"
		sleep engine.Name[crowdState, int]    = "sleeper"
	)
	sleeper := engine.Workflow[crowdState, int]{Name: sleep, Doc: "Sleep.", Signals: []engine.AnySignal{woken}, Steps: []engine.Step[crowdState]{
		{Name: "lie down", Do: func(_ *engine.Context, s *crowdState) (engine.Transition, error) {
			return woken.Await("get up").Within(s.Sleep, "get up"), nil
		}},
		{Name: "get up", Do: func(_ *engine.Context, s *crowdState) (engine.Transition, error) { return sleep.Done(s.N), nil }},
	}}
	return []engine.Definition{sleeper, engine.Workflow[crowdState, string]{Name: name, Doc: "Spawn sleepers.", Steps: []engine.Step[crowdState]{
		{Name: "spawn", Do: func(_ *engine.Context, s *crowdState) (engine.Transition, error) {
			return engine.Spawn(func(yield func(engine.Child) bool) {
				for i := range s.N {
					if !yield(sleep.Child(crowdState{N: i, Sleep: s.Sleep}, nil)) {
						return
					}
				}
			}, "join"), nil
		}},
		{Name: "join", Do: func(ctx *engine.Context, _ *crowdState) (engine.Transition, error) {
			sum := 0
			for n, err := range sleep.Results(ctx) {
				if err != nil {
					return engine.Transition{}, err
				}
				sum += n
			}
			return name.Done(fmt.Sprint("sum ", sum)), nil
		}},
	}}}
}
