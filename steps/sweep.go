package steps

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/durable-wf/wf/engine"
)

// Sweep names the workflow that runs another one at many points.
const Sweep engine.Name[SweepState, []SweepRow] = "sweep"

// SweepState says what Sweep runs, and where.
type SweepState struct {
	Workflow string            `json:"workflow" help:"the workflow to run at each point"`
	Grid     []string          `json:"grid" help:"an input and its values: NAME=a,b,c or NAME=1..9, 0..1:0.1, 1..1000:x10; several span a grid"`
	Zip      []string          `json:"zip" help:"as --grid, but those of all zips go together: the first with the first, and so on"`
	Points   []json.RawMessage `json:"points" help:"the inputs of one point as a JSON object"`
	Set      []string          `json:"set" help:"NAME=VALUE: an input that is the same at all points"`
	Words    []string          `json:"words" help:"words for the workflow; {NAME} in them is the point's value" arg:"rest"`
	Repeat   int               `json:"repeat" help:"runs at each point, each with random numbers of its own" default:"1"`
	Limit    int               `json:"limit" help:"how many runs are in flight at a time (0: any number)" default:"0"`
	FailFast bool              `json:"fail-fast" help:"fail as soon as one run does, and cancel the others"`
	Inputs   []json.RawMessage `json:"inputs,omitempty"` // of the runs, as they were completed at the start; empty once they are children
}

// SweepWorkflow runs any of the given workflows at each point of a grid of its inputs, as children, and makes one
// table of what becomes of them. A run that fails stops no other: its row says why.
func SweepWorkflow(workflows ...engine.Definition) engine.Workflow[SweepState, []SweepRow] {
	w := sweeper{workflows}
	return engine.Workflow[SweepState, []SweepRow]{
		Name:     Sweep,
		Version:  1,
		Doc:      "Run a workflow at each point of a grid of its inputs, and make one table of the results.",
		Validate: w.validate,
		Steps: []engine.Step[SweepState]{
			{Name: "spawn", Do: w.spawn},
			{Name: "collect", Do: w.collect},
		},
	}
}

// sweeper knows the workflows that may be run.
type sweeper struct{ workflows []engine.Definition }

// validate makes the input of each point. What is wrong with any is thus said before the first run, and all are
// completed where the sweep is started: a folder, say, that is meant relative to here.
func (w sweeper) validate(s *SweepState) error {
	switch {
	case s.Repeat < 1:
		return fmt.Errorf("repeat %d must be at least 1", s.Repeat)
	case s.Limit < 0:
		return fmt.Errorf("limit %d must not be negative", s.Limit)
	}
	plan, err := w.plan(s)
	if err != nil {
		return err
	}
	s.Inputs = make([]json.RawMessage, plan.size)
	for i := range s.Inputs {
		in, err := plan.input(i)
		if err == nil {
			s.Inputs[i], err = plan.def.Complete(in)
		}
		if err != nil {
			return plan.blame(i, err)
		}
	}
	return nil
}

func (w sweeper) spawn(ctx *engine.Context, s *SweepState) (engine.Transition, error) {
	inputs := s.Inputs
	s.Inputs = nil
	ctx.Progress(0, int64(len(inputs)))
	t := engine.Spawn(func(yield func(engine.Child) bool) {
		for _, in := range inputs {
			if !yield(engine.ChildOf(s.Workflow, in, nil)) {
				return
			}
		}
	}, "collect")
	if s.Limit > 0 {
		t = t.Limit(s.Limit)
	}
	if s.FailFast {
		t = t.FailFast()
	}
	return t, nil
}

func (w sweeper) collect(ctx *engine.Context, s *SweepState) (engine.Transition, error) {
	plan, err := w.plan(s)
	if err != nil {
		return engine.Transition{}, engine.Permanent(err)
	}
	rows := make([]SweepRow, 0, plan.size)
	failed := 0
	for run, err := range ctx.Children() {
		if err != nil {
			return engine.Transition{}, err
		}
		row := SweepRow{Params: plan.params(run.Place), Run: run.ID, Status: run.Status, Result: run.Result}
		if run.Status != engine.Completed {
			row.Error = cmp.Or(run.Error, run.Reason)
			failed++
		}
		if s.FailFast && run.Status == engine.Failed {
			return engine.Transition{}, engine.Permanent(plan.blame(run.Place, fmt.Errorf("run %d failed: %s", run.ID, row.Error)))
		}
		rows = append(rows, row)
	}
	if s.FailFast && failed > 0 {
		return engine.Transition{}, engine.Permanent(errors.New("a run was cancelled"))
	}
	ctx.Progress(int64(plan.size), int64(plan.size))
	ctx.Metric("failed", float64(failed))
	return Sweep.Done(rows), nil
}
