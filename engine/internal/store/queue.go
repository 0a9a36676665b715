package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	queries "github.com/durable-wf/wf/sql"
)

// Queue is a row of wf_queues: the limits of a named lane of pending runs. A queue that has no row has none.
type Queue struct {
	Name         string  `db:"name"`
	Concurrency  int64   `db:"concurrency"` // runs that execute at the same time; 0 means any number
	Rate         int64   `db:"rate"`        // runs that begin within RatePeriodUS, and at once after a pause; 0 means any number
	RatePeriodUS int64   `db:"rate_period_us"`
	Tokens       float64 `db:"tokens"` // starts left, as of TokensUS
	TokensUS     int64   `db:"tokens_us"`
	Turn         int64   `db:"turn"`    // rank of the run claimed last
	Paused       string  `db:"paused"`  // JSON: who paused it, and why; "" if nobody has
	Pending      int64   `db:"pending"` // runs, counted by Queues alone
	Running      int64   `db:"running"` // runs that are owned; counted where Concurrency is set, and by Queues

	changed bool // by the batch
}

// slack is what a count of tokens may lack for rounding.
const slack = 1e-6

// places returns how many more runs may execute.
func (q *Queue) places() int64 {
	switch {
	case q.Paused != "":
		return 0
	case q.Concurrency == 0:
		return math.MaxInt64
	}
	return max(q.Concurrency-q.Running, 0)
}

// StartsAt returns how many runs may begin at a time as far as the rate goes. If the clock stands so far before
// the last start that it must have been set back, that start is not held against the queue.
func (q *Queue) StartsAt(nowUS int64) int64 {
	if q.Rate == 0 {
		return math.MaxInt64
	}
	return int64(q.tokensAt(nowUS) + slack)
}

func (q *Queue) tokensAt(nowUS int64) float64 {
	elapsed := nowUS - q.TokensUS
	if -elapsed > q.RatePeriodUS {
		return float64(q.Rate)
	}
	return min(float64(q.Rate), q.Tokens+float64(max(elapsed, 0))*float64(q.Rate)/float64(q.RatePeriodUS))
}

// NextStartUS returns when the next run may begin as far as the rate goes; run_due.sql says the same.
func (q *Queue) NextStartUS() int64 {
	if q.Rate == 0 || q.Tokens >= 1 {
		return 0
	}
	return q.TokensUS + int64((1-q.Tokens)*float64(q.RatePeriodUS)/float64(q.Rate)) + 1
}

// Admits reports whether a run may execute at a time; begun says that it has been executed before.
func (q *Queue) Admits(begun bool, nowUS int64) bool {
	return q.places() > 0 && (begun || q.StartsAt(nowUS) > 0)
}

// take gives a place, and to a run that begins a token, too.
func (q *Queue) take(begun bool, nowUS int64) {
	q.Running++
	if q.Rate != 0 && !begun {
		q.Tokens, q.TokensUS, q.changed = max(q.tokensAt(nowUS)-1, 0), nowUS, true
	}
}

// pass notes the rank of a run that is claimed: newcomers queue behind it.
func (q *Queue) pass(rank int64) {
	if rank > q.Turn {
		q.Turn, q.changed = rank, true
	}
}

// Queues returns all queues that have limits or runs that are pending or executed, by name.
func (s *Store) Queues(ctx context.Context) ([]Queue, error) {
	return list[Queue](ctx, s, "queues", queries.QueueList, sql.Named("name", nil))
}

// Queue returns one queue; one that has neither limits nor runs is empty but for its name.
func (s *Store) Queue(ctx context.Context, name string) (Queue, error) {
	q, err := get[Queue](ctx, s, fmt.Sprintf("queue %q", name), queries.QueueList, sql.Named("name", name))
	if errors.Is(err, ErrNotFound) {
		return Queue{Name: name}, nil
	}
	return q, err
}

// QueueLimits is Queue without a count of the runs that are pending, and of those that execute where they are not limited.
func (s *Store) QueueLimits(ctx context.Context, name string) (Queue, error) {
	queues, err := s.limits(ctx)
	if q := queues[name]; q != nil {
		return *q, err
	}
	return Queue{Name: name}, err
}

// ChangeQueue changes the limits of a queue in fn, which gets them as they are. Tokens are adapted to the rate.
func (tx *Tx) ChangeQueue(name string, fn func(*Queue)) error {
	queues, err := tx.b.limits()
	if err != nil {
		return err
	}
	q := cmp.Or(queues[name], &Queue{Name: name})
	was := q.Rate
	q.Tokens, q.TokensUS = q.tokensNow(tx.b.wall), tx.b.wall
	fn(q)
	if was == 0 {
		q.Tokens = float64(q.Rate)
	}
	q.Tokens = min(q.Tokens, float64(q.Rate))
	err = tx.b.putQueue(q)
	tx.b.queues = nil // counts may be wanted that were not before
	return err
}

// tokensNow is tokensAt, also for a queue without a rate.
func (q *Queue) tokensNow(nowUS int64) float64 {
	if q.Rate == 0 {
		return 0
	}
	return q.tokensAt(nowUS)
}

// limits returns the rows of wf_queues, by name, as the batch has left them so far.
func (b *batch) limits() (map[string]*Queue, error) {
	switch {
	case b.queues != nil:
		return b.queues, nil
	case !b.limited:
		b.queues = map[string]*Queue{}
		return b.queues, nil
	}
	rows, err := b.w.stmts.queueLimits.QueryContext(context.Background())
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	queues := map[string]*Queue{}
	for rows.Next() {
		var q Queue
		if err := rows.Scan(&q.Name, &q.Concurrency, &q.Rate, &q.RatePeriodUS, &q.Tokens, &q.TokensUS, &q.Turn, &q.Paused,
			&q.Pending, &q.Running); err != nil {
			return nil, err
		}
		queues[q.Name] = &q
	}
	b.queues = queues
	return queues, rows.Err()
}

// saveLimits writes what has changed in the rows of limits.
func (b *batch) saveLimits() error {
	for _, q := range b.queues {
		if !q.changed {
			continue
		}
		if err := b.putQueue(q); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) putQueue(q *Queue) error {
	q.changed, b.limited = false, true
	return b.w.exec(b.w.stmts.queuePut, q.Name, nullInt(q.Concurrency), nullInt(q.Rate), nullInt(q.RatePeriodUS), q.Tokens, q.TokensUS,
		q.Turn, nullText(q.Paused))
}
