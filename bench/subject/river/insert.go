package river

import (
	"context"

	riverqueue "github.com/riverqueue/river"
)

// inserter inserts jobs that are started at the same time by one statement, as a program would that starts many. It
// waits for nobody: a job that comes alone is inserted alone.
type inserter struct {
	queue chan start
	quit  chan struct{} // closed by stop
}

// start is a job to be inserted, and where its starter waits.
type start struct {
	job  args
	done chan<- error
}

// insertTogether begins to serve. Whoever calls it calls stop.
func insertTogether(c *client) *inserter {
	in := &inserter{queue: make(chan start), quit: make(chan struct{})}
	go in.serve(c) // until stop
	return in
}

func (in *inserter) stop() { close(in.quit) }

// insert returns when the job is committed.
func (in *inserter) insert(ctx context.Context, job args) error {
	done := make(chan error, 1)
	select {
	case in.queue <- start{job, done}:
		return <-done
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (in *inserter) serve(c *client) {
	for {
		select {
		case first := <-in.queue:
			starts := in.others(first)
			jobs := make([]riverqueue.InsertManyParams, len(starts))
			for i, s := range starts {
				jobs[i].Args = s.job
			}
			_, err := c.InsertManyFast(context.Background(), jobs)
			for _, s := range starts {
				s.done <- err
			}
		case <-in.quit:
			return
		}
	}
}

// others returns the first start and those that wait by now.
func (in *inserter) others(first start) []start {
	starts := []start{first}
	for {
		select {
		case s := <-in.queue:
			starts = append(starts, s)
		default:
			return starts
		}
	}
}
