package wf

import (
	"context"
	"time"

	"github.com/durable-wf/wf/bench/subject"
	"github.com/durable-wf/wf/engine"
)

type stepFunc func(ctx context.Context, run string, i int) (int64, error)

// state is that of all workflows here but the parent's.
type state struct {
	ID    string `json:"id"`
	Steps int    `json:"steps"`
	I     int    `json:"i"`
	Total int64  `json:"total"`
}

const (
	count    engine.Name[state, int64]  = "count"  // executes so many steps
	pure     engine.Name[state, int64]  = "pure"   // the same, with steps that have no effects
	waiter   engine.Name[state, int64]  = "waiter" // the same, once it has got a signal
	parent   engine.Name[family, int64] = "parent" // has children that count
	released engine.Signal[bool]        = "released"
)

func definitions(do stepFunc) []engine.Definition {
	work := engine.Step[state]{Name: "work", Do: work(do)}
	return []engine.Definition{
		engine.Workflow[state, int64]{Name: count, Steps: []engine.Step[state]{work}},
		engine.Workflow[state, int64]{Name: pure, Steps: []engine.Step[state]{{Name: "work", Do: work.Do, Pure: true}}},
		engine.Workflow[state, int64]{
			Name: waiter, Signals: []engine.AnySignal{released},
			Steps: []engine.Step[state]{{Name: "wait", Do: await}, work},
		},
		engine.Workflow[family, int64]{
			Name:  parent,
			Steps: []engine.Step[family]{{Name: "spawn", Do: spawn}, {Name: "add", Do: add}},
		},
		looping(), saving(),
	}
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

func await(*engine.Context, *state) (engine.Transition, error) { return released.Await("work"), nil }

// of is the workflow whose runs have such a shape, and the state with which they begin.
func of(id string, shape subject.Shape) (engine.Name[state, int64], state) {
	name := count
	if shape.Pure {
		name = pure
	}
	return name, state{ID: id, Steps: shape.Steps}
}

// family is the state of a parent.
type family struct {
	Children int `json:"children"`
}

func spawn(_ *engine.Context, s *family) (engine.Transition, error) {
	children := func(yield func(engine.Child) bool) {
		for range s.Children {
			if !yield(count.Child(state{Steps: 1}, nil)) {
				return
			}
		}
	}
	return engine.Spawn(children, "add"), nil
}

func add(ctx *engine.Context, _ *family) (engine.Transition, error) {
	var total int64
	for n, err := range count.Results(ctx) {
		if err != nil {
			return engine.Transition{}, err
		}
		total += n
	}
	return parent.Done(total), nil
}

// sleepUntil lets a run begin at a time: until then it waits, like any other that sleeps.
func sleepUntil(t time.Time) *engine.StartOptions { return &engine.StartOptions{At: t} }
