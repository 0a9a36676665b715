package goworkflows

import (
	"context"
	"time"

	"github.com/cschleiden/go-workflows/client"
	"github.com/cschleiden/go-workflows/workflow"

	"github.com/durable-wf/wf/bench/subject"
)

type run struct {
	client   *client.Client
	instance *workflow.Instance
	ended    <-chan struct{} // nil if the backend does not tell
}

func (s *system) start(ctx context.Context, id string, wf workflow.Workflow, args ...any) (*run, error) {
	r := &run{client: s.client}
	if n, ok := s.backend.(*notifying); ok {
		r.ended = n.watch(id)
	}
	var err error
	r.instance, err = s.client.CreateWorkflowInstance(ctx, client.WorkflowInstanceOptions{InstanceID: id}, wf, args...)
	return r, err
}

// Start implements subject.System.
func (s *system) Start(ctx context.Context, id string, shape subject.Shape) (subject.Run, error) {
	return s.start(ctx, id, Count, id, shape.Steps)
}

// Wait asks for the result as an application does, once it is there if the backend tells when.
func (r *run) Wait(ctx context.Context) (int64, error) {
	if r.ended != nil {
		select {
		case <-r.ended:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return client.GetWorkflowResult[int64](ctx, r.client, r.instance, forever)
}

// Spawn implements subject.Spawner.
func (s *system) Spawn(ctx context.Context, id string, n int) (subject.Run, error) {
	return s.start(ctx, id, Spawn, id, n)
}

// Await returns when the first task of the run is recorded: it has come to the signal then.
func (s *system) Await(ctx context.Context, id string) (subject.Run, error) {
	r, err := s.start(ctx, id, Await, id)
	for err == nil {
		events, failed := s.backend.GetWorkflowInstanceHistory(ctx, r.instance, nil)
		if failed != nil || len(events) > 0 {
			return r, failed
		}
		time.Sleep(time.Millisecond)
	}
	return r, err
}

// Signal implements subject.Signaller.
func (s *system) Signal(ctx context.Context, r subject.Run) error {
	return s.client.SignalWorkflow(ctx, r.(*run).instance.InstanceID, signalName, 1)
}

// Sleep starts the runs one by one, for there is no other way, and waits until their timers are recorded.
func (s *system) Sleep(ctx context.Context, n int, id func(int) string, due func(int) time.Time) error {
	for i := range n {
		if _, err := s.start(ctx, id(i), Sleep, id(i), due(i)); err != nil {
			return err
		}
	}
	for {
		stats, err := s.backend.GetStats(ctx)
		if err != nil || stats.PendingWorkflowTasks[workflow.QueueDefault] == 0 {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
}
