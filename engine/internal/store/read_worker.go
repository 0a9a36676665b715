package store

import (
	"context"
	"database/sql"
	"fmt"

	queries "github.com/durable-wf/wf/sql"
)

// Reliability is what has been seen of the workers of a host: from it follows a mean time between failures.
type Reliability struct {
	ObservedUS int64 `db:"observed_us"` // time at work, summed over all workers
	Failures   int64 `db:"failures"`    // workers that died
}

// Workers returns the processes that own or have owned runs, oldest first; with living only those
// that are not known to have stopped. Whether one really lives, its lock file says.
func (s *Store) Workers(ctx context.Context, living bool) ([]Worker, error) {
	if living {
		return list[Worker](ctx, s, "workers", queries.WorkerLiving)
	}
	return list[Worker](ctx, s, "workers", queries.WorkerList)
}

// Reliability returns what has been seen of the workers of a host, of all hosts if host is "": the
// newest thousand in the file.
func (s *Store) Reliability(ctx context.Context, host string) (Reliability, error) {
	return get[Reliability](ctx, s, fmt.Sprintf("workers of %q", host), queries.WorkerReliability,
		sql.Named("host", host), sql.Named("now_us", s.clock.NowUS()))
}

// NewestWorker returns the worker that owns a run or, if none does, the one that its history names last. It is 0 if
// there is none: nobody has executed the run, or its history was deleted.
func (s *Store) NewestWorker(ctx context.Context, run int64) (int64, error) {
	ids, err := list[int64](ctx, s, fmt.Sprintf("worker of run %d", run), queries.WorkerNewest, sql.Named("run", run))
	if len(ids) == 0 {
		return 0, err
	}
	return ids[0], err
}

// Provenance returns what a worker has told of where it comes from, as JSON; "" if it has told nothing, or is gone.
func (s *Store) Provenance(ctx context.Context, worker int64) (string, error) {
	texts, err := list[string](ctx, s, fmt.Sprintf("provenance of worker %d", worker), queries.WorkerProvenance, sql.Named("id", worker))
	if len(texts) == 0 {
		return "", err
	}
	return texts[0], err
}
