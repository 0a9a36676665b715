package dbos

import (
	"context"
	"time"

	transact "github.com/dbos-inc/dbos-transact-golang/dbos"
)

const (
	// pollInterval is how often the queue is looked at. The default is 1 s.
	pollInterval = 50 * time.Millisecond
	// concurrency is how many runs of the queue are executed at a time: more only wait for the one write lock.
	concurrency = 8
	// batch is how many runs are put into the queue by one transaction.
	batch = 1000
)

// transaction is a *sql.Tx, or what is like it.
type transaction interface {
	Commit() error
	Rollback() error
}

// delay enqueues runs that are to start later, many in a transaction. They are rows until then.
func (s *system) delay(ctx context.Context, n int, id func(int) string, due func(int) time.Time) error {
	for first := 0; first < n; first += batch {
		if err := s.delayBatch(ctx, first, min(first+batch, n), id, due); err != nil {
			return err
		}
	}
	return nil
}

func (s *system) delayBatch(ctx context.Context, first, end int, id func(int) string, due func(int) time.Time) error {
	tx, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // it does nothing after Commit
	for i := first; i < end; i++ {
		if _, err := transact.Enqueue[int64](s.root, s.queue, "count", 1,
			transact.WithEnqueueWorkflowID(id(i)), transact.WithEnqueueDelay(time.Until(due(i))),
			transact.WithEnqueueTransaction(tx)); err != nil {
			return err
		}
	}
	return tx.Commit()
}
