package engine_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/durable-wf/wf/engine"
)

// Search is what a run of the example's workflow keeps: it looks for the best of some random tries.
type Search struct {
	Tries int     `json:"tries" help:"how often to try"`
	I     int     `json:"i"`
	Best  float64 `json:"best"`
}

// Searches names the workflow.
const Searches engine.Name[Search, float64] = "search"

func search(ctx *engine.Context, s *Search) (engine.Transition, error) {
	for range engine.Range(ctx, &s.I, s.Tries) {
		s.Best = max(s.Best, ctx.Rand().Float64())
	}
	return Searches.Done(s.Best), nil
}

// A run that has ended goes on as another one, with a changed state; a comparison of the two tells in what
// they differ.
func ExampleEngine_Fork() {
	ctx := context.Background()
	eng, remove := exampleEngine(engine.Workflow[Search, float64]{Name: Searches, Steps: []engine.Step[Search]{{Name: "try", Do: search}}})
	defer remove()

	seed := int64(1)
	run, err := Searches.Start(ctx, eng, Search{Tries: 10}, &engine.StartOptions{Keep: engine.KeepAll, Seed: &seed})
	if err == nil {
		run, err = eng.Execute(ctx, run.ID, nil)
	}
	fmt.Println("run:", run.Status, err)

	fork, err := eng.Fork(ctx, run.ID, &engine.ForkOptions{Set: map[string]json.RawMessage{"tries": json.RawMessage("1000")}})
	if err == nil {
		fork, err = eng.Execute(ctx, fork.ID, nil)
	}
	fmt.Println("fork:", fork.Status, err)

	diff, err := eng.Diff(ctx, run.ID, fork.ID)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, field := range diff.State {
		if field.Path != "best" {
			fmt.Printf("%s: %s → %s (%s more)\n", field.Path, field.A, field.B, field.By)
		}
	}
	// Output:
	// run: completed <nil>
	// fork: completed <nil>
	// tries: 10 → 1000 (990 more)
	// i: 10 → 1000 (990 more)
}
