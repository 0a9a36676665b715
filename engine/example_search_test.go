package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/durable-wf/wf/engine"
)

// Bill is what a run of the examples' billing keeps.
type Bill struct {
	Customer int64  `json:"customer" help:"who pays"`
	Name     string `json:"name" help:"of the customer"`
}

// Billing names the workflow.
const Billing engine.Name[Bill, int64] = "billing"

// billing says for whom a run works, so that it is found by that.
func billing() engine.Workflow[Bill, int64] {
	return engine.Workflow[Bill, int64]{Name: Billing, Steps: []engine.Step[Bill]{
		{Name: "check", Do: func(ctx *engine.Context, b *Bill) (engine.Transition, error) {
			ctx.Set("customer", b.Customer)
			ctx.Set("name", b.Name)
			return engine.Next(), nil
		}},
		{Name: "charge", Do: func(_ *engine.Context, b *Bill) (engine.Transition, error) {
			if b.Name == "Ben" {
				return engine.Transition{}, engine.Permanent(errors.New("the card is blocked"))
			}
			return Billing.Done(b.Customer), nil
		}},
	}}
}

// bills runs three bills, of which the second fails, and enqueues a fourth.
func bills(ctx context.Context, eng *engine.Engine) {
	for i, name := range []string{"Anna", "Ben", "Alan"} {
		_, err := Billing.Run(ctx, eng, Bill{Customer: int64(i + 41), Name: name}, nil)
		if _, failed := errors.AsType[*engine.RunError](err); err != nil && !failed {
			log.Fatal(err)
		}
	}
	_, err := Billing.Start(ctx, eng, Bill{}, &engine.StartOptions{Attributes: map[string]any{"customer": 42}})
	if err != nil {
		log.Fatal(err)
	}
}

// Runs are found by what their workflow has said about them, and by what is known of every run.
func ExampleEngine_List() {
	ctx := context.Background()
	eng, closeEngine := open(billing())
	defer closeEngine()
	bills(ctx, eng)
	for _, where := range []string{
		`customer = 42`,
		`customer = 42 and status in ("failed", "cancelled") and created > "2h ago"`,
		`name like "a%" and not (customer < 43)`,
		`error contains "card" or customer is null`,
	} {
		runs, err := eng.List(ctx, engine.RunFilter{Where: where})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(where)
		for _, run := range runs {
			fmt.Println("  run", run.ID, run.Status, run.Attributes["name"])
		}
	}
	_, err := eng.List(ctx, engine.RunFilter{Where: `stauts = "failed"`})
	fmt.Println(err)
	// Output:
	// customer = 42
	//   run 4 pending <nil>
	//   run 2 failed Ben
	// customer = 42 and status in ("failed", "cancelled") and created > "2h ago"
	//   run 2 failed Ben
	// name like "a%" and not (customer < 43)
	//   run 3 completed Alan
	// error contains "card" or customer is null
	//   run 2 failed Ben
	// filter "stauts = \"failed\"": at character 1: no run has an attribute stauts, nor is it a field (if it is right, write attr("stauts")); the nearest is "status"
}

// What is done to all runs that a filter selects is done to each for itself.
func ExampleEngine_CancelAll() {
	ctx := context.Background()
	eng, closeEngine := open(billing())
	defer closeEngine()
	bills(ctx, eng)
	done, err := eng.CancelAll(ctx, engine.RunFilter{Where: "customer = 42"}, "the customer has left")
	if err != nil {
		log.Fatal(err)
	}
	for _, run := range done.Runs { // run 2 has ended, so it is left alone
		fmt.Println("run", run.ID, run.Status)
	}
	fmt.Println(len(done.Errors), "errors")
	// Output:
	// run 4 cancelled
	// 0 errors
}

// A step measures as it goes; each point carries the progress that was told last.
func ExampleEngine_Metrics() {
	ctx := context.Background()
	eng, closeEngine := open(sum(func(ctx *engine.Context, s *State) error {
		for ; s.I < s.N; s.I++ {
			s.Total += s.I
			ctx.Progress(s.I+1, s.N)
			ctx.Metric("mean", float64(s.Total)/float64(s.I+1))
		}
		return nil
	}))
	defer closeEngine()
	if _, err := Sum.Run(ctx, eng, State{N: 3}, nil); err != nil {
		log.Fatal(err)
	}
	points, err := eng.Metrics(ctx, 1, engine.MetricFilter{Name: "mean"})
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range points {
		fmt.Println(p.N, p.X, p.Value)
	}
	now, err := eng.Peek(ctx, 1)
	fmt.Println(now.Run.Status, now.Metrics[0].Value, err)
	// Output:
	// 0 1 0
	// 1 2 0.5
	// 2 3 1
	// completed 1 <nil>
}
