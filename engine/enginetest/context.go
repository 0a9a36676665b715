package enginetest

import (
	"context"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// NewContext returns a Context on which a step function can be called without an engine, or any function that
// takes one. It ends with the test. Recorded calls are made and recorded in memory, or answered from
// StepOptions.Calls. Save commits nothing: it returns nil, or ErrStopped once StepOptions.Context has ended; to
// see what a step saves use [Step]. What needs the database (DoTx) fails. opts may be nil.
func NewContext(t testing.TB, opts *StepOptions) *engine.Context {
	t.Helper()
	if opts == nil {
		opts = &StepOptions{}
	}
	parent := opts.Context
	if parent == nil {
		parent = context.WithoutCancel(t.Context()) // which ends before the cleanup does
	}
	step := opts.Run.Step
	if step == "" {
		step = "step"
	}
	given, over, ended := make(chan *engine.Context), make(chan struct{}), make(chan struct{})
	w := lender(engine.Name[struct{}, struct{}](opts.Run.Workflow), step, given, over)
	h := newHost(t, opts)
	go func() { // ends with the test
		defer close(ended)
		w.RunStep(parent, opts.visit(string(w.Name), step, 0, encode(t, struct{}{})), h)
	}()
	t.Cleanup(func() { close(over); <-ended })
	return <-given
}

// lender is a workflow whose one step lends its Context out until over is closed.
func lender(name engine.Name[struct{}, struct{}], step string, given chan<- *engine.Context, over <-chan struct{}) engine.Workflow[struct{}, struct{}] {
	return engine.Workflow[struct{}, struct{}]{Name: name, Steps: []engine.Step[struct{}]{{
		Name: step,
		Do: func(ctx *engine.Context, _ *struct{}) (engine.Transition, error) {
			given <- ctx
			<-over
			return engine.Done(nil), nil
		},
	}}}
}
