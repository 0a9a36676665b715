// Package steps holds the workflows that the wf command comes with. Each is an ordinary
// engine.Workflow: a program of your own may take them, too.
package steps

import (
	"slices"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/steps/program"
)

// All returns the built-in workflows and those of a program: Sweep can run any of them but itself.
//
//	func main() { cli.Main(steps.All(mine.Workflow())...) }
func All(own ...engine.Definition) []engine.Definition {
	swept := slices.Concat([]engine.Definition{SumWorkflow(), PiWorkflow(), PrimesWorkflow(), HeatWorkflow(), program.Workflow()}, own)
	return append(swept, SweepWorkflow(swept...))
}
