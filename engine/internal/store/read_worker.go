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
	return list[Worker](ctx, s, "workers", queries.WorkerList, sql.Named("living", living))
}

// Reliability returns what has been seen of the workers of a host; of all hosts if host is "".
func (s *Store) Reliability(ctx context.Context, host string) (Reliability, error) {
	return get[Reliability](ctx, s, fmt.Sprintf("workers of %q", host), queries.WorkerReliability,
		sql.Named("host", host), sql.Named("now_us", s.clock.NowUS()))
}
