package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"golang.org/x/sync/errgroup"

	"github.com/durable-wf/wf/bench/subject"
)

const taskQueue = "bench"

type system struct {
	setup
	server *server
	client client.Client
	worker worker.Worker
	flows  *workflows
	db     subject.Rower
}

func open(_ context.Context, o subject.Options, s setup) (subject.System, error) {
	srv, err := startServer(o.Dir, s.attributes, s.dynamic)
	if err != nil {
		return nil, err
	}
	db, err := srv.connection()
	if err != nil {
		return nil, err
	}
	quiet := log.NewStructuredLogger(slog.New(slog.DiscardHandler))
	c, err := client.Dial(client.Options{HostPort: srv.address, Namespace: namespace, Logger: quiet})
	if err != nil {
		return nil, err
	}
	sys := &system{setup: s, server: srv, client: c, db: db, flows: &workflows{setup: s, do: o.Step}}
	sys.worker = worker.New(c, taskQueue, s.worker)
	sys.flows.register(sys.worker)
	return sys, sys.worker.Start()
}

func (s *system) Durability(ctx context.Context) (string, error) { return subject.Pragmas(ctx, s.db) }

// Close stops the server, which leaves the log of the database as it is: we copy it, as whoever closes a database does.
func (s *system) Close(ctx context.Context) error {
	s.worker.Stop()
	s.client.Close()
	err := s.server.Stop()
	var busy, pages, copied int
	return errors.Join(err, s.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &copied))
}

// Start implements subject.System.
func (s *system) Start(ctx context.Context, id string, shape subject.Shape) (subject.Run, error) {
	return s.start(ctx, id, s.flows.Count, id, shape.Steps)
}

// Spawn implements subject.Spawner.
func (s *system) Spawn(ctx context.Context, id string, n int) (subject.Run, error) {
	return s.start(ctx, id, s.flows.Spawn, id, n)
}

type run struct{ client.WorkflowRun }

// Wait implements subject.Run.
func (r run) Wait(ctx context.Context) (n int64, err error) {
	err = r.Get(ctx, &n)
	return n, err
}

func (s *system) start(ctx context.Context, id string, flow any, args ...any) (run, error) {
	r, err := s.client.ExecuteWorkflow(ctx, s.options(id), flow, args...)
	return run{r}, err
}

func (s *system) options(id string) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{ID: id, TaskQueue: taskQueue, WorkflowTaskTimeout: s.task, EnableEagerStart: s.eager}
}

// Await returns when the first task of the run is recorded: it has come to the signal then.
func (s *system) Await(ctx context.Context, id string) (subject.Run, error) {
	r, err := s.start(ctx, id, s.flows.Await, id)
	if err != nil {
		return nil, err
	}
	events := s.client.GetWorkflowHistory(ctx, r.GetID(), r.GetRunID(), true, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil || e.EventType == enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			return r, err
		}
	}
	return r, nil
}

// Signal implements subject.Signaller.
func (s *system) Signal(ctx context.Context, r subject.Run) error {
	return s.client.SignalWorkflow(ctx, r.(run).GetID(), r.(run).GetRunID(), signalName, nil)
}

// Sleep starts the runs with a delay, some at a time, for there is no call that starts many.
func (s *system) Sleep(ctx context.Context, n int, id func(int) string, due func(int) time.Time) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(20)
	for i := range n {
		group.Go(func() error {
			opts := s.options(id(i))
			opts.EnableEagerStart, opts.StartDelay = false, time.Until(due(i))
			_, err := s.client.ExecuteWorkflow(ctx, opts, s.flows.Count, id(i), 1)
			return err
		})
	}
	return group.Wait()
}
