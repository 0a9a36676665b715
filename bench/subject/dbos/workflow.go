package dbos

import (
	"context"
	"time"

	transact "github.com/dbos-inc/dbos-transact-golang/dbos"
)

// topic is that of the message which a run waits for.
const topic = "go"

func (s *system) register() {
	transact.RegisterWorkflow(s.root, s.count, transact.WithWorkflowName("count"))
	transact.RegisterWorkflow(s.root, s.await, transact.WithWorkflowName("await"))
	transact.RegisterWorkflow(s.root, s.sleep, transact.WithWorkflowName("sleep"))
	transact.RegisterWorkflow(s.root, s.spawn, transact.WithWorkflowName("spawn"))
}

// count executes so many steps and returns the sum of what they have returned.
func (s *system) count(ctx transact.Context, steps int) (int64, error) {
	id, err := transact.GetWorkflowID(ctx)
	if err != nil {
		return 0, err
	}
	var total int64
	for i := range steps {
		n, err := transact.RunAsStep(ctx, func(ctx context.Context) (int64, error) {
			return s.step(ctx, id, i)
		}, transact.WithStepName("work"))
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// await waits for a message, and executes one step when it has come.
func (s *system) await(ctx transact.Context, _ string) (int64, error) {
	id, err := transact.GetWorkflowID(ctx)
	if err != nil {
		return 0, err
	}
	if arrived, ok := s.waiting.LoadAndDelete(id); ok {
		close(arrived.(chan struct{}))
	}
	if _, err := transact.Recv[string](ctx, topic, time.Hour); err != nil {
		return 0, err
	}
	return s.count(ctx, 1)
}

// sleep sleeps until it is due, and executes one step then.
func (s *system) sleep(ctx transact.Context, due time.Time) (int64, error) {
	if _, err := transact.Sleep(ctx, time.Until(due)); err != nil {
		return 0, err
	}
	return s.count(ctx, 1)
}

// spawn starts so many children of one step each and adds up what they return. They begin at once: through a queue it
// takes longer.
func (s *system) spawn(ctx transact.Context, children int) (int64, error) {
	handles := make([]transact.WorkflowHandle[int64], children)
	for i := range children {
		h, err := transact.RunWorkflow(ctx, s.count, 1)
		if err != nil {
			return 0, err
		}
		handles[i] = h
	}
	var total int64
	for _, h := range handles {
		n, err := h.GetResult()
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}
