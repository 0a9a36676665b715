package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"testing"

	"github.com/durable-wf/wf/engine"
)

type printed struct {
	Folder bool `json:"folder"`
}

const printer engine.Name[printed, int] = "printer"

// printerWorkflow prints, unless the folder that it needs is not there.
func printerWorkflow(there *bool) engine.Workflow[printed, int] {
	return engine.Workflow[printed, int]{Name: printer, Version: 1, Steps: []engine.Step[printed]{{
		Name: "print",
		Do: func(ctx *engine.Context, _ *printed) (engine.Transition, error) {
			if !*there {
				return engine.Transition{}, engine.Block(errors.New("the folder is not there"))
			}
			_, err := io.WriteString(ctx.Stdout(), "out")
			if err == nil {
				_, err = fmt.Fprintf(ctx.Stderr(), "every %v", ctx.Interval())
			}
			return printer.Done(1), err
		},
	}}}
}

func TestStepPrintsWhereItsProcessPrints(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	there := true
	cfg := engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), Stdout: &out, Stderr: &errs}
	eng := openEngine(t, cfg, printerWorkflow(&there))
	if _, err := printer.Run(t.Context(), eng, printed{}, nil); err != nil {
		t.Fatal(err)
	}
	if out.String() != "out" || errs.String() != "every 1s" {
		t.Errorf("stdout %q, stderr %q", out.String(), errs.String())
	}
}

// What children print does not stand between a person, or a pipe, and the result of the run that was started.
func TestChildrenPrintToStderr(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	there := true
	parent := engine.Workflow[printed, int]{Name: "parent", Steps: []engine.Step[printed]{
		{Name: "spawn", Do: func(*engine.Context, *printed) (engine.Transition, error) {
			return engine.Spawn(slices.Values([]engine.Child{printer.Child(printed{}, nil)}), "end"), nil
		}},
		{Name: "end", Do: func(*engine.Context, *printed) (engine.Transition, error) { return engine.Next(), nil }},
	}}
	cfg := engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), Stdout: &out, Stderr: &errs}
	eng := openEngine(t, cfg, printerWorkflow(&there), parent)
	if _, err := parent.Name.Run(t.Context(), eng, printed{}, nil); err != nil {
		t.Fatal(err)
	}
	if out.Len() > 0 || errs.String() != "outevery 1s" {
		t.Errorf("stdout %q, stderr %q; want all of it on stderr", out.String(), errs.String())
	}
}

func TestBlockedStepGoesOnWhenWhatItNeedsIsThere(t *testing.T) {
	t.Parallel()
	there := false
	eng := openEngine(t, engine.Config{Path: filepath.Join(t.TempDir(), "wf.db")}, printerWorkflow(&there))
	run, err := printer.Start(t.Context(), eng, printed{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if run, err = eng.Execute(t.Context(), run.ID, nil); err != nil {
		t.Fatal(err)
	}
	if run.Status != engine.Blocked || run.Reason != "the folder is not there" {
		t.Errorf("the run is %s: %q, want it blocked with the reason", run.Status, run.Reason)
	}
	there = true
	if _, err = eng.Resume(t.Context(), run.ID, nil); err != nil {
		t.Fatal(err)
	}
	if run, err = eng.Execute(t.Context(), run.ID, nil); err != nil || run.Status != engine.Completed {
		t.Errorf("then it is %s, %v; want it completed", run.Status, err)
	}
}
