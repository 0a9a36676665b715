package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/durable-wf/wf/engine"
)

// Report is what a run of the example's workflow keeps.
type Report struct {
	Site string `json:"site" help:"to report on"`
}

// Reports names the workflow.
const Reports engine.Name[Report, string] = "report"

func reportFlow() engine.Workflow[Report, string] {
	return engine.Workflow[Report, string]{Name: Reports, Steps: []engine.Step[Report]{{
		Name: "write", Do: func(ctx *engine.Context, r *Report) (engine.Transition, error) {
			return Reports.Done(r.Site + " as of " + ctx.Run().Scheduled.Format(time.DateTime)), nil
		},
	}}}
}

// A report every night, and those of three nights that have passed.
func ExampleEngine_AddSchedule() {
	ctx := context.Background()
	eng, remove := exampleEngine(reportFlow())
	defer remove()
	nightly, err := eng.AddSchedule(ctx, engine.Schedule{
		Name: "nightly", Workflow: string(Reports), Input: json.RawMessage(`{"site": "Berlin"}`),
		Cron: "0 3 * * *", Zone: "Europe/Berlin", Overlap: engine.OverlapQueue, CatchUp: 12 * time.Hour,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	from := time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC) // before summer time
	times, err := nightly.Times(from, 2)
	fmt.Println(times, err)

	runs, err := eng.BackfillSchedule(ctx, "nightly", from, from.AddDate(0, 0, 3))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, run := range runs {
		run, err := eng.Execute(ctx, run.ID, nil)
		fmt.Println(string(run.Result), err)
	}
	// Output:
	// [2026-03-28 02:00:00 +0000 UTC 2026-03-29 01:00:00 +0000 UTC] <nil>
	// "Berlin as of 2026-03-28 02:00:00" <nil>
	// "Berlin as of 2026-03-29 01:00:00" <nil>
	// "Berlin as of 2026-03-30 01:00:00" <nil>
}
