package main

import (
	"fmt"
	"time"

	"github.com/durable-wf/wf/engine"
)

// Tidies names the workflow that removes old runs.
const Tidies engine.Name[Tidy, string] = "tidy"

// Tidy is the state of a run that removes old runs.
type Tidy struct {
	Keep time.Duration `json:"keep" help:"how long runs are kept after their end" default:"720h"`
}

// keeper removes runs from the engine in which it runs, which is known once that is open.
type keeper struct {
	engine *engine.Engine
}

// workflow moves old reports, with the tallies that belong to them, into a file per month, and deletes what
// else has ended. It does not remove itself: it has not ended.
func (k *keeper) workflow() engine.Workflow[Tidy, string] {
	return engine.Workflow[Tidy, string]{
		Name: Tidies,
		Doc:  "Archive old reports and remove other runs that have ended.",
		Steps: []engine.Step[Tidy]{{Name: "remove", Do: func(ctx *engine.Context, s *Tidy) (engine.Transition, error) {
			archived, err := k.engine.Archive(ctx, engine.Retention{Workflows: []string{string(Reports)}, OlderThan: s.Keep})
			if err != nil {
				return engine.Transition{}, err
			}
			pruned, err := k.engine.Prune(ctx, engine.Retention{OlderThan: s.Keep})
			if err != nil {
				return engine.Transition{}, err
			}
			return Tidies.Done(fmt.Sprintf("archived %d runs, deleted %d", archived.Runs, pruned.Runs)), nil
		}}},
	}
}
