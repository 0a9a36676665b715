package goworkflows

import (
	"context"
	"fmt"
	"time"

	"github.com/cschleiden/go-workflows/worker"
	"github.com/cschleiden/go-workflows/workflow"
)

// activities are the steps with effects.
type activities struct {
	step func(ctx context.Context, run string, i int) (int64, error)
}

// Step is an activity: its result is recorded before the workflow goes on.
func (a *activities) Step(ctx context.Context, run string, i int) (int64, error) {
	return a.step(ctx, run, i)
}

// signalName is what an awaiting run waits for.
const signalName = "go"

func step(ctx workflow.Context, run string, i int) (int64, error) {
	var registered *activities // names the activity; the worker has the one to call
	return workflow.ExecuteActivity[int64](ctx, workflow.DefaultActivityOptions, registered.Step, run, i).Get(ctx)
}

// Count executes steps one after the other and returns what they add up to.
func Count(ctx workflow.Context, run string, steps int) (int64, error) {
	var total int64
	for i := range steps {
		n, err := step(ctx, run, i)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// Await waits for a signal before its only step.
func Await(ctx workflow.Context, run string) (int64, error) {
	workflow.NewSignalChannel[int](ctx, signalName).Receive(ctx)
	return step(ctx, run, 0)
}

// Sleep sleeps until due before its only step.
func Sleep(ctx workflow.Context, run string, due time.Time) (int64, error) {
	if err := workflow.Sleep(ctx, due.Sub(workflow.Now(ctx))); err != nil {
		return 0, err
	}
	return step(ctx, run, 0)
}

// Spawn starts children of one step each and returns what they add up to.
func Spawn(ctx workflow.Context, run string, children int) (int64, error) {
	results := make([]workflow.Future[int64], children)
	for i := range children {
		opts := workflow.SubWorkflowOptions{InstanceID: fmt.Sprintf("%s-%d", run, i), RetryOptions: workflow.DefaultRetryOptions}
		results[i] = workflow.CreateSubWorkflowInstance[int64](ctx, opts, Count, opts.InstanceID, 1)
	}
	var total int64
	for _, r := range results {
		n, err := r.Get(ctx)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

func register(w *worker.Worker, a *activities) error {
	for _, f := range []any{Count, Await, Sleep, Spawn} {
		if err := w.RegisterWorkflow(f); err != nil {
			return err
		}
	}
	return w.RegisterActivity(a)
}
