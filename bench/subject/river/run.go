package river

import (
	"context"
	"encoding/json"
	"time"

	riverqueue "github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/durable-wf/wf/bench/subject"
)

// run is a run that this process has started.
type run struct {
	total     int64         // set before completed is closed
	completed chan struct{} // closed when the job is completed in the database
}

func (s *system) Start(ctx context.Context, id string, shape subject.Shape) (subject.Run, error) {
	r := &run{completed: make(chan struct{})}
	s.mu.Lock()
	s.runs[id] = r
	s.mu.Unlock()
	job := args{ID: id, Steps: shape.Steps}
	if s.starts != nil {
		return r, s.starts.insert(ctx, job)
	}
	_, err := s.client.Insert(ctx, job, nil)
	return r, err
}

func (r *run) Wait(ctx context.Context) (int64, error) {
	select {
	case <-r.completed:
		return r.total, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// finished notes what a run has added up to, when its last step is recorded.
func (s *system) finished(id string, total int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.runs[id]; r != nil {
		r.total = total
		if s.inTx {
			s.complete(id)
		}
	}
}

// complete wakes who waits for a run. The caller holds mu.
func (s *system) complete(id string) {
	if r := s.runs[id]; r != nil {
		close(r.completed)
		delete(s.runs, id)
	}
}

// eventBuffer is how many events River keeps for listen: it drops those that do not fit.
const eventBuffer = 100_000

// listen is told of jobs that River has completed.
func (s *system) listen(events <-chan *riverqueue.Event) {
	for e := range events {
		var a args
		if err := json.Unmarshal(e.Job.EncodedArgs, &a); err != nil {
			continue // no job of ours
		}
		s.mu.Lock()
		s.complete(a.ID)
		s.mu.Unlock()
	}
}

// batch is how many jobs are inserted or deleted by one statement.
const batch = 5000

// Sleep inserts jobs that are scheduled for later: rows until then.
func (s *system) Sleep(ctx context.Context, n int, id func(int) string, due func(int) time.Time) error {
	for first := 0; first < n; first += batch {
		jobs := make([]riverqueue.InsertManyParams, min(batch, n-first))
		for i := range jobs {
			jobs[i] = riverqueue.InsertManyParams{
				Args: args{ID: id(first + i), Steps: 1}, InsertOpts: &riverqueue.InsertOpts{ScheduledAt: due(first + i)},
			}
		}
		if _, err := s.client.InsertManyFast(ctx, jobs); err != nil {
			return err
		}
	}
	return nil
}

// Completed counts in the database.
func (s *system) Completed(ctx context.Context) (n int, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT count(*) FROM river_job WHERE state = 'completed'").Scan(&n)
	return n, err
}

// Prune deletes the jobs that have ended. River documents no way to give space back.
func (s *system) Prune(ctx context.Context) error {
	ended := riverqueue.NewJobDeleteManyParams().First(batch).
		States(rivertype.JobStateCompleted, rivertype.JobStateCancelled, rivertype.JobStateDiscarded)
	for {
		deleted, err := s.client.JobDeleteMany(ctx, ended)
		if err != nil || len(deleted.Jobs) == 0 {
			return err
		}
	}
}
