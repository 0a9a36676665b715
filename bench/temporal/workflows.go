package main

import (
	"context"
	"fmt"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// signalName is what an awaiting run waits for.
const signalName = "go"

// workflows are the definitions, and the step with effects that they have in common.
type workflows struct {
	setup
	do func(ctx context.Context, run string, i int) (int64, error)
}

// Step is an activity: its result is recorded before the workflow goes on.
func (w *workflows) Step(ctx context.Context, run string, i int) (int64, error) {
	return w.do(ctx, run, i)
}

func (w *workflows) step(ctx workflow.Context, run string, i int) (n int64, err error) {
	if w.local {
		err = workflow.ExecuteLocalActivity(w.localStepOptions(ctx), w.Step, run, i).Get(ctx, &n)
	} else {
		err = workflow.ExecuteActivity(w.stepOptions(ctx), w.Step, run, i).Get(ctx, &n)
	}
	return n, err
}

// Count executes steps one after the other and returns what they add up to.
func (w *workflows) Count(ctx workflow.Context, run string, steps int) (int64, error) {
	var total int64
	for i := range steps {
		n, err := w.step(ctx, run, i)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// Await waits for a signal before its only step.
func (w *workflows) Await(ctx workflow.Context, run string) (int64, error) {
	workflow.GetSignalChannel(ctx, signalName).Receive(ctx, nil)
	return w.step(ctx, run, 0)
}

// Spawn starts children of one step each and returns what they add up to.
func (w *workflows) Spawn(ctx workflow.Context, run string, children int) (int64, error) {
	results := make([]workflow.ChildWorkflowFuture, children)
	for i := range children {
		id := fmt.Sprintf("%s-%d", run, i)
		child := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: id, WorkflowTaskTimeout: w.task})
		results[i] = workflow.ExecuteChildWorkflow(child, w.Count, id, 1)
	}
	var total int64
	for _, r := range results {
		var n int64
		if err := r.Get(ctx, &n); err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

func (w *workflows) register(r worker.Registry) {
	for _, f := range []any{w.Count, w.Await, w.Spawn} {
		r.RegisterWorkflow(f)
	}
	r.RegisterActivity(w.Step)
}
