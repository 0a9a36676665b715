package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// Queue is a named lane in which runs wait for a worker, with its limits. All processes that use the file
// keep to them. A run of a queue that is full, paused or out of starts stays pending; see [Engine.Why].
//
// A run that waits or is paused holds no place, and needs one again before it goes on. Runs whose steps are
// undone, and those that fail because their deadline has passed, go on whatever the limits say.
type Queue struct {
	Name        string
	Concurrency int           // runs that execute at the same time, in all processes; 0 means any number
	Rate        int           // runs that begin within Period, and at once after a pause; 0 means any number
	Period      time.Duration // 0 if there is no rate
	Paused      bool          // it gives out nothing
	By          string        // who has paused it
	Reason      string        // why
	Pending     int64         // runs that could begin or go on
	Running     int64         // runs that execute
	Next        time.Time     // when the rate lets the next run begin; zero if it does not stand in the way
}

// QueueOptions are the limits to set for a queue. A nil field leaves a limit as it is; one that points to 0
// lifts it.
type QueueOptions struct {
	Concurrency *int
	// Rate is how many runs may begin within Period; a run that is retried or woken does not begin again.
	// After a pause as many may begin at once.
	Rate   *int
	Period time.Duration // goes with Rate; 0 means a second
}

func (o *QueueOptions) check() error {
	var faults []error
	if o.Concurrency != nil && *o.Concurrency < 0 {
		faults = append(faults, fmt.Errorf("concurrency %d must not be negative", *o.Concurrency))
	}
	if o.Rate != nil && *o.Rate < 0 {
		faults = append(faults, fmt.Errorf("rate %d must not be negative", *o.Rate))
	}
	if o.Period != 0 && (o.Rate == nil || o.Period < time.Microsecond) {
		faults = append(faults, fmt.Errorf("period %v must be at least 1µs, and goes with a rate", o.Period))
	}
	return errors.Join(faults...)
}

// Queues lists the queues that have limits, or runs that are pending or execute, by name.
func (e *Engine) Queues(ctx context.Context) ([]Queue, error) {
	rows, err := e.store.Queues(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]Queue, len(rows))
	for i := range rows {
		list[i] = e.queueOf(&rows[i])
	}
	return list, nil
}

// SetQueue sets limits of a queue and returns it once they are durable. They hold at once in all processes, for the
// runs that are pending already, too; runs that execute are not interrupted.
func (e *Engine) SetQueue(ctx context.Context, name string, opts QueueOptions) (Queue, error) {
	if err := opts.check(); err != nil {
		return Queue{}, fmt.Errorf("queue %q: %w", name, err)
	}
	return e.changeQueue(ctx, name, func(q *store.Queue) {
		if opts.Concurrency != nil {
			q.Concurrency = int64(*opts.Concurrency)
		}
		if opts.Rate == nil {
			return
		}
		q.Rate, q.RatePeriodUS = int64(*opts.Rate), 0
		if q.Rate > 0 {
			q.RatePeriodUS = max(opts.Period, 0).Microseconds()
			if opts.Period == 0 {
				q.RatePeriodUS = time.Second.Microseconds()
			}
		}
	})
}

// PauseQueue keeps the runs of a queue from beginning and from going on, until ResumeQueue. Those that execute are
// not interrupted. Pausing a paused queue again replaces the reason.
func (e *Engine) PauseQueue(ctx context.Context, name, reason string) (Queue, error) {
	return e.changeQueue(ctx, name, func(q *store.Queue) { q.Paused = detail("by", e.actor, "reason", reason) })
}

// ResumeQueue ends the pause of a queue.
func (e *Engine) ResumeQueue(ctx context.Context, name string) (Queue, error) {
	return e.changeQueue(ctx, name, func(q *store.Queue) { q.Paused = "" })
}

// CheckQueueName says why a text does not do as the name of a queue: it is empty, longer than 200 bytes, has control
// characters, or a space at an end. nil means that it does.
func CheckQueueName(name string) error {
	if name == "" {
		return errors.New("a queue needs a name")
	}
	return labelFault("queue", name)
}

// changeQueue changes a queue and tells everybody.
func (e *Engine) changeQueue(ctx context.Context, name string, fn func(*store.Queue)) (Queue, error) {
	if err := CheckQueueName(name); err != nil {
		return Queue{}, err
	}
	if err := e.store.Update(ctx, func(tx *store.Tx) error { return tx.ChangeQueue(name, fn) }); err != nil {
		return Queue{}, fmt.Errorf("queue %q: %w", name, err)
	}
	e.enqueued()
	return e.queue(ctx, name)
}

func (e *Engine) queue(ctx context.Context, name string) (Queue, error) {
	row, err := e.store.Queue(ctx, name)
	return e.queueOf(&row), err
}

func (e *Engine) queueOf(row *store.Queue) Queue {
	q := Queue{
		Name: row.Name, Concurrency: int(row.Concurrency), Rate: int(row.Rate), Period: microseconds(row.RatePeriodUS),
		Paused: row.Paused != "", Pending: row.Pending, Running: row.Running,
	}
	var said struct {
		By     string `json:"by"`
		Reason string `json:"reason"`
	}
	if q.Paused && json.Unmarshal([]byte(row.Paused), &said) == nil { // written by PauseQueue
		q.By, q.Reason = said.By, said.Reason
	}
	if row.StartsAt(e.clock.NowUS()) == 0 {
		q.Next = timeOf(row.NextStartUS())
	}
	return q
}
