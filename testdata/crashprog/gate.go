package main

import (
	"context"
	"os"
	"time"

	"github.com/durable-wf/wf/engine"
)

const gates engine.Name[gate, string] = "gate"

// gate is the state of a step that makes a call, stands still until a file exists, and makes another.
type gate struct {
	Out  string `json:"out" help:"file that takes a line for each recorded call"`
	Gate string `json:"gate" help:"file whose coming lets the step go on"`
}

// gateWorkflow is careless: it does not look at the error of Save.
func gateWorkflow() engine.Workflow[gate, string] {
	effect := func(ctx *engine.Context, s *gate, name string) error {
		id := ctx.Run().ID
		return engine.Exec(ctx, name, func(ctx context.Context) error { return note(ctx, s.Out, id) })
	}
	return engine.Workflow[gate, string]{
		Name: gates, Version: 1, Doc: "Two calls with a wait between.", Checkpoint: engine.Checkpoint{Every: 1},
		Steps: []engine.Step[gate]{{Name: "pass", Do: func(ctx *engine.Context, s *gate) (engine.Transition, error) {
			if err := effect(ctx, s, "before"); err != nil {
				return engine.Transition{}, err
			}
			for !exists(s.Gate) && ctx.Err() == nil {
				time.Sleep(time.Millisecond)
			}
			_ = ctx.Save()
			if err := effect(ctx, s, "after"); err != nil {
				return engine.Transition{}, err
			}
			return gates.Done("passed"), nil
		}}},
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// deafWorkflow has a step that does not listen to its context.
func deafWorkflow() engine.Workflow[gate, string] {
	return engine.Workflow[gate, string]{
		Name: "deaf", Version: 1, Doc: "Stands still whatever happens.",
		Steps: []engine.Step[gate]{{Name: "sleep", Do: func(_ *engine.Context, s *gate) (engine.Transition, error) {
			for !exists(s.Gate) {
				time.Sleep(time.Millisecond)
			}
			return engine.Next(), nil
		}}},
	}
}
