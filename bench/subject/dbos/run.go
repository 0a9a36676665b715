package dbos

import (
	"context"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	transact "github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/durable-wf/wf/bench/subject"
)

// run is a run that this process has started. DBOS executes it in a goroutine of its own, from the start.
type run struct {
	handle transact.WorkflowHandle[int64]
}

// Wait has no use for the context: DBOS has none here.
func (r run) Wait(context.Context) (int64, error) {
	return r.handle.GetResult()
}

func (s *system) Start(_ context.Context, id string, shape subject.Shape) (subject.Run, error) {
	h, err := transact.RunWorkflow(s.root, s.count, shape.Steps, transact.WithWorkflowID(id))
	return run{h}, err
}

// settling is what Recv takes before it waits, amply: DBOS does not tell.
const settling = 20 * time.Millisecond

// Await returns a little after the run has called Recv: at a random moment of the interval at which Recv looks, or what
// comes next would always have just missed it.
func (s *system) Await(ctx context.Context, id string) (subject.Run, error) {
	arrived := make(chan struct{})
	s.waiting.Store(id, arrived)
	h, err := transact.RunWorkflow(s.root, s.await, "", transact.WithWorkflowID(id))
	if err != nil {
		return nil, err
	}
	select {
	case <-arrived:
		time.Sleep(settling + rand.N(s.recvEvery+1))
		return run{h}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *system) Signal(_ context.Context, r subject.Run) error {
	return transact.Send(s.root, r.(run).handle.GetWorkflowID(), "go", topic)
}

// Spawn starts the parent, which starts its children itself.
func (s *system) Spawn(_ context.Context, id string, n int) (subject.Run, error) {
	h, err := transact.RunWorkflow(s.root, s.spawn, n, transact.WithWorkflowID(id))
	return run{h}, err
}

// starters is how many runs are being started at a time: each is a commit.
const starters = 8

// Sleep starts runs that sleep in a goroutine each. Where there is a queue, it puts them there with a delay instead.
func (s *system) Sleep(ctx context.Context, n int, id func(int) string, due func(int) time.Time) error {
	if s.queue != "" {
		return s.delay(ctx, n, id, due)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(starters)
	for i := range n {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			_, err := transact.RunWorkflow(s.root, s.sleep, due(i), transact.WithWorkflowID(id(i)))
			return err
		})
	}
	return group.Wait()
}

// Completed counts in the database.
func (s *system) Completed(context.Context) (int, error) {
	rows, err := transact.GetWorkflowAggregates(s.root, transact.GetWorkflowAggregatesInput{
		GroupByStatus: true, SelectCount: true, Status: []transact.WorkflowStatusType{transact.WorkflowStatusSuccess},
	})
	total := 0
	for _, row := range rows {
		total += int(*row.Count)
	}
	return total, err
}

// page is how many runs are deleted at a time.
const page = 500

// Prune deletes the runs that have ended, a page at a time. DBOS documents no way to give space back.
func (s *system) Prune(ctx context.Context) error {
	for ctx.Err() == nil {
		runs, err := transact.ListWorkflows(s.root, transact.WithFilterLimit(page),
			transact.WithFilterLoadInput(false), transact.WithFilterLoadOutput(false),
			transact.WithFilterStatus(transact.WorkflowStatusSuccess, transact.WorkflowStatusError, transact.WorkflowStatusCancelled))
		if err != nil || len(runs) == 0 {
			return err
		}
		ids := make([]string, len(runs))
		for i, r := range runs {
			ids[i] = r.ID
		}
		if err := transact.DeleteWorkflows(s.root, ids); err != nil {
			return err
		}
	}
	return ctx.Err()
}
