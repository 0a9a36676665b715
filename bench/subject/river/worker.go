package river

import (
	"context"
	"database/sql"
	"time"

	riverqueue "github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"
)

// args is what a job is started with.
type args struct {
	ID    string `json:"id"`
	Steps int    `json:"steps"`
}

func (args) Kind() string { return "count" }

// state is what a step leaves to the next one. River keeps it as a cursor.
type state struct {
	N     int   `json:"n"`
	Total int64 `json:"total"`
}

type worker struct {
	riverqueue.WorkerDefaults[args]
	sys *system
}

// Work executes the steps that are not recorded yet. For River they are one step with a cursor: the results of several
// would be lost when a later one fails.
func (w *worker) Work(ctx context.Context, job *riverqueue.Job[args]) error {
	riverqueue.ResumableStepCursor(ctx, "work", nil, func(ctx context.Context, now state) error {
		for now.N < job.Args.Steps {
			n, err := w.sys.step(ctx, job.Args.ID, now.N)
			if err != nil {
				return err
			}
			now = state{N: now.N + 1, Total: now.Total + n}
			if err := w.sys.record(ctx, job, now); err != nil {
				return err
			}
		}
		w.sys.finished(job.Args.ID, now.Total)
		return nil
	})
	return nil // River fails the job if its step has failed
}

// record commits a step.
func (s *system) record(ctx context.Context, job *riverqueue.Job[args], now state) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := riverqueue.ResumableSetStepCursorTx[*riversqlite.Driver](ctx, tx, job, now); err != nil {
		return err
	}
	if s.inTx && now.N == job.Args.Steps {
		if _, err := riverqueue.JobCompleteTx[*riversqlite.Driver, *sql.Tx](ctx, tx, job); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// atOnce retries without a pause.
type atOnce struct{}

func (atOnce) NextRetry(*rivertype.JobRow) time.Time { return time.Now() }
