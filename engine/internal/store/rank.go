package store

import (
	"context"
	"database/sql"
)

// share is those runs of a queue that take turns with the others as one.
type share struct{ queue, fairKey string }

// enter lets a new run enter its queue. One that is to execute at once does so if the queue has a place for it;
// otherwise, and if it is not to wait for a time of its own, it gets its turn. One that yields does so only in a queue
// that has no limits, and while no run waits for a worker.
func (b *batch) enter(run *Run, yields bool) error {
	queues, err := b.limits()
	if err != nil {
		return err
	}
	q := queues[run.Queue]
	executes := run.Owner != 0
	if executes && yields {
		crowded, err := b.crowded(queues)
		if err != nil {
			return err
		}
		executes = q == nil && !crowded
	}
	if executes && (q == nil || q.Admits(false, b.wall)) {
		if q != nil {
			q.take(false, b.wall)
		}
		run.Rank = begunRank
		return b.saveLimits()
	}
	b.stir()
	run.Owner, run.Rank = 0, 0
	if run.DueUS != 0 {
		return nil // its turn comes when its time has come
	}
	if run.Wait == "" && (q == nil || q.places() > 0) {
		b.crowd = crowdSome
	}
	return b.rank(run)
}

// crowd says whether any run waits for nothing but a worker.
type crowd uint8

const (
	crowdUnknown crowd = iota
	crowdNone
	crowdSome
)

// crowded reports whether any run waits for nothing but a worker. It looks once, if that is not known from before; what
// changes later in the transaction was not there first.
func (b *batch) crowded(queues map[string]*Queue) (bool, error) {
	switch {
	case b.crowd != crowdUnknown:
	case b.calm():
		b.crowd = crowdNone
	default:
		var some bool
		var untilUS int64
		full, _ := closed(queues, b.wall)
		row := b.w.stmts.claimCrowd.QueryRowContext(context.Background(), sql.Named("now_us", b.wall), sql.Named("full", jsonList(full)))
		if err := row.Scan(&some, &untilUS); err != nil {
			return false, err
		}
		if b.crowd = crowdSome; !some {
			b.crowd = crowdNone
		}
		if !some && len(queues) == 0 {
			b.calmUS = untilUS
		}
	}
	return b.crowd == crowdSome, nil
}

// calm reports whether it is known, from this batch or from those before it, that no queue has limits and that no run waits
// for a worker.
func (b *batch) calm() bool { return b.wall < b.calmUS && !b.stirred }

// stir ends the calm: from now on a run may wait for a worker, or will at a time that nobody has noted.
func (b *batch) stir() { b.stirred = true }

// calmAfter returns until when the calm lasts once the batch is committed, if nobody else writes: 0 if there is none.
func (b *batch) calmAfter() int64 {
	if b.stirred {
		return 0
	}
	return b.calmUS
}

// begunRank is the rank of runs that have begun: they go before those of the same priority that have not.
const begunRank = -1

// rank gives a run its turn among those of its queue that have not begun, by start-time fair queueing: behind
// the run that was claimed last, and behind those of its own share. In a queue that has neither limits nor
// fair keys the order of creation is the turn.
func (b *batch) rank(run *Run) error {
	q := b.queues[run.Queue]
	if q == nil {
		if run.FairKey == "" {
			return nil
		}
		q = &Queue{Name: run.Queue, changed: true}
		b.queues[run.Queue] = q
		if err := b.saveLimits(); err != nil {
			return err
		}
	}
	key := share{run.Queue, run.FairKey}
	newest, known := b.ranks[key]
	if !known {
		row := b.w.stmts.queueRank.QueryRowContext(context.Background(), run.Queue, nullText(run.FairKey))
		if err := row.Scan(&newest); err != nil {
			return err
		}
	}
	run.Rank = max(q.Turn, newest) + 1
	if b.ranks == nil {
		b.ranks = map[share]int64{}
	}
	b.ranks[key] = run.Rank
	return nil
}
