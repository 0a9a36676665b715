package goworkflows

import (
	"context"
	"sync"
	"time"

	"github.com/cschleiden/go-workflows/backend"
	"github.com/cschleiden/go-workflows/backend/history"
	"github.com/cschleiden/go-workflows/core"
	"github.com/cschleiden/go-workflows/workflow"
)

// lookAnyway is how long a worker waits to be woken before it looks by itself: what a killed process had locked
// becomes due without anybody being woken.
const lookAnyway = 250 * time.Millisecond

// notifying is a backend that tells waiters in this process that an instance has ended. The client's own way is to ask
// the database at growing intervals of up to a second, on the connection that the workers need.
type notifying struct {
	backend.Backend

	mu    sync.Mutex
	ended map[string]chan struct{} // by instance; guarded by mu
}

func newNotifying(b backend.Backend) *notifying {
	return &notifying{Backend: b, ended: map[string]chan struct{}{}}
}

// watch returns a channel that is closed when the instance ends. It must be called before the instance is created.
func (n *notifying) watch(id string) <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ended[id] = make(chan struct{})
	return n.ended[id]
}

// CompleteWorkflowTask implements backend.Backend.
func (n *notifying) CompleteWorkflowTask(
	ctx context.Context, task *backend.WorkflowTask, state core.WorkflowInstanceState,
	executed, activities, timers []*history.Event, workflows []*history.WorkflowEvent,
) error {
	err := n.Backend.CompleteWorkflowTask(ctx, task, state, executed, activities, timers, workflows)
	if err != nil || state != core.WorkflowInstanceStateFinished {
		return err
	}
	id := task.WorkflowInstance.InstanceID
	n.mu.Lock()
	defer n.mu.Unlock()
	if ended, ok := n.ended[id]; ok {
		close(ended)
		delete(n.ended, id)
	}
	return nil
}

// GetWorkflowTask implements backend.Backend.
func (n *notifying) GetWorkflowTask(ctx context.Context, queues []workflow.Queue) (*backend.WorkflowTask, error) {
	ctx, cancel := context.WithTimeout(ctx, lookAnyway)
	defer cancel()
	return n.Backend.GetWorkflowTask(ctx, queues)
}

// GetActivityTask implements backend.Backend.
func (n *notifying) GetActivityTask(ctx context.Context, queues []workflow.Queue) (*backend.ActivityTask, error) {
	ctx, cancel := context.WithTimeout(ctx, lookAnyway)
	defer cancel()
	return n.Backend.GetActivityTask(ctx, queues)
}
