package river

import (
	"context"
	"database/sql"
	"strconv"
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

// state is what a step leaves to the next one: River keeps it as the step's cursor.
type state struct {
	N     int   `json:"n"`
	Total int64 `json:"total"`
}

type worker struct {
	riverqueue.WorkerDefaults[args]
	sys *system
}

// Work executes the steps that are not recorded yet.
func (w *worker) Work(ctx context.Context, job *riverqueue.Job[args]) error {
	var now state
	failed := false // River skips all steps after one that has failed, and fails the job when Work returns
	for i := 0; i < job.Args.Steps && !failed; i++ {
		riverqueue.ResumableStepCursor(ctx, "work"+strconv.Itoa(i), nil, func(ctx context.Context, saved state) error {
			if saved.N > i { // the attempt before has got as far as this
				now = saved
				return nil
			}
			n, err := w.sys.step(ctx, job.Args.ID, i)
			if err == nil {
				now = state{N: i + 1, Total: now.Total + n}
				err = w.sys.record(ctx, job, now)
			}
			failed = err != nil
			return err
		})
	}
	if !failed {
		w.sys.finished(job.Args.ID, now.Total)
	}
	return nil
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
