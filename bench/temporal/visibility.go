package main

import (
	"context"
	"time"

	"go.temporal.io/api/workflowservice/v1"
)

const completed = `ExecutionStatus = "Completed"`

// Completed counts runs, children aside, in the index that `temporal workflow count` asks.
func (s *system) Completed(ctx context.Context) (int, error) {
	res, err := s.client.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Query: completed + " AND ParentWorkflowId IS NULL",
	})
	return int(res.GetCount()), err
}

// Prune deletes the runs one by one, as `temporal workflow delete` does: what the server does by itself takes a day at least.
// The server deletes in the background, so Prune waits until no more events disappear.
func (s *system) Prune(ctx context.Context) error {
	req := &workflowservice.ListWorkflowExecutionsRequest{Query: completed, PageSize: 1000}
	for first := true; first || len(req.NextPageToken) > 0; first = false {
		page, err := s.client.ListWorkflow(ctx, req)
		if err != nil {
			return err
		}
		for _, e := range page.GetExecutions() {
			_, err := s.client.WorkflowService().DeleteWorkflowExecution(ctx, &workflowservice.DeleteWorkflowExecutionRequest{
				Namespace: namespace, WorkflowExecution: e.GetExecution(),
			})
			if err != nil {
				return err
			}
		}
		req.NextPageToken = page.GetNextPageToken()
	}
	return s.deleted(ctx)
}

func (s *system) deleted(ctx context.Context) error {
	const quiet = time.Second
	for before, since := -1, time.Now(); time.Since(since) < quiet; time.Sleep(20 * time.Millisecond) {
		left, err := s.Completed(ctx)
		if err != nil {
			return err
		}
		var events int
		if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM history_node").Scan(&events); err != nil {
			return err
		}
		if left > 0 || events != before {
			before, since = events, time.Now()
		}
	}
	return nil
}
