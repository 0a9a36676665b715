package engine_test

import (
	"fmt"

	"github.com/durable-wf/wf/engine"
)

// Which older checkpoints a training keeps: it is a field of StartOptions, Workflow and Config.
func ExamplePreserve() {
	keep := engine.Preserve{Last: 5, Spaced: 32, Best: "accuracy:max"}
	fmt.Println("kept:", keep)
	// Output: kept: the last 5, 32 spaced ones, the best by accuracy:max
}
