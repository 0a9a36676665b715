// Package steps holds the workflows that the wf command comes with. Each is an ordinary
// engine.Workflow: a program of your own may take them, too.
package steps

import (
	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/steps/program"
)

// All returns the built-in workflows.
func All() []engine.Definition {
	return []engine.Definition{SumWorkflow(), PiWorkflow(), PrimesWorkflow(), HeatWorkflow(), program.Workflow()}
}
