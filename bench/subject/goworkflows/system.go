package goworkflows

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"time"

	"github.com/cschleiden/go-workflows/backend"
	"github.com/cschleiden/go-workflows/client"
	"github.com/cschleiden/go-workflows/worker"
	"github.com/cschleiden/go-workflows/workflow"

	"github.com/durable-wf/wf/bench/subject"
)

func path(o subject.Options) string { return filepath.Join(o.Dir, "goworkflows.db") }

// setup is what the configurations differ in.
type setup struct {
	pool    any // the backend that has the connection
	backend backend.Backend
	options worker.Options
}

type system struct {
	backend backend.Backend
	client  *client.Client
	worker  *worker.Worker
	stop    context.CancelFunc
	db      *sql.DB // the backend's own pool, of one connection
	reader  *sql.DB // ours: counting does not hold up the backend
}

func open(ctx context.Context, o subject.Options, s setup) (subject.System, error) {
	db, err := subject.Inside(s.pool)
	if err != nil {
		return nil, err
	}
	reader, err := sql.Open("sqlite", path(o)+"?mode=ro")
	if err != nil {
		return nil, err
	}
	w := worker.New(s.backend, &s.options)
	if err := register(w, &activities{o.Step}); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	sys := &system{backend: s.backend, client: client.New(s.backend), worker: w, stop: stop, db: db, reader: reader}
	return sys, w.Start(ctx)
}

func (s *system) Durability(ctx context.Context) (string, error) { return subject.Pragmas(ctx, s.db) }

func (s *system) Close(context.Context) error {
	s.stop()
	return errors.Join(s.worker.WaitForCompletion(), s.reader.Close(), s.backend.Close())
}

// Completed counts runs, children aside, on a connection of its own: a reader does not hold up the log of the database.
func (s *system) Completed(ctx context.Context) (n int, err error) {
	const query = "SELECT count(*) FROM instances WHERE completed_at IS NOT NULL AND parent_instance_id IS NULL"
	err = s.reader.QueryRowContext(ctx, query).Scan(&n)
	return n, err
}

// Prune removes the instances one by one. RemoveWorkflowInstances, which takes many, leaves their events behind.
func (s *system) Prune(ctx context.Context) error {
	instances, err := s.ended(ctx)
	if err != nil {
		return err
	}
	for _, i := range instances {
		if err := s.client.RemoveWorkflowInstance(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

func (s *system) ended(ctx context.Context) (list []*workflow.Instance, err error) {
	rows, err := s.reader.QueryContext(ctx, "SELECT id, execution_id FROM instances WHERE completed_at IS NOT NULL")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		i := &workflow.Instance{}
		if err := rows.Scan(&i.InstanceID, &i.ExecutionID); err != nil {
			return nil, err
		}
		list = append(list, i)
	}
	return list, rows.Err()
}

// forever is longer than any workload: the library's waits must have a limit.
const forever = time.Hour
