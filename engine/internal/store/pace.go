package store

import (
	"context"
	"time"
)

// What deletes much does it in transactions so short that who has to wait for one hardly notices: what it does in one
// takes half as long as the commit, which depends on the disk, but not much less than paceBeside. Shorter ones would spare
// those who wait little, since each commit has its price. While nobody else writes they are longer: who comes then waits for
// one of them once.
const paceBeside, paceAlone = 120 * time.Microsecond, time.Millisecond

// paceLongest bounds that: a disk of which half the commits take longer is busy with something else.
const paceLongest = 10 * time.Millisecond

// Rows of the first of these transactions, and of any. Fewer than the least would cost more in commits than they save.
const paceRows, paceLeast, paceMost = 64, 16, 4096

// paceRun is how many rows of the history take as long as a run does, with its entries in indexes and what is left of it.
const paceRun = 8

// pace says how many rows one transaction deletes, from how long those before it took. The zero value is ready.
type pace struct {
	alone, beside int // rows: while nobody else writes, and while others do
	others        bool
	commit        time.Duration // how long commits take: about half of them longer
	met           int64         // the writer's company at the last of the transactions
}

// rows are those of the next transaction.
func (p *pace) rows() *int {
	rows := &p.alone
	if p.others {
		rows = &p.beside
	}
	if *rows == 0 {
		*rows = paceRows
	}
	return rows
}

func (p *pace) size() int { return *p.rows() }

// took notes how long the work of a transaction took, and then its commit, and whether others write.
func (p *pace) took(work, commit time.Duration, others bool) {
	switch {
	case p.commit == 0:
		p.commit = commit
	case commit > p.commit:
		p.commit += p.commit / 16
	default:
		p.commit -= p.commit / 16
	}
	target, rows := paceAlone, p.rows()
	if p.others {
		target = paceBeside
	}
	target = max(target, min(p.commit/2, paceLongest))
	switch {
	case work > target:
		*rows = max(*rows-*rows/4, paceLeast)
	case work < target/2:
		*rows = min(*rows+*rows/4+1, paceMost)
	}
	p.others = others
}

// take returns how many of the first runs go in the next transaction: at least one.
func (p *pace) take(runs []doomed) int {
	rows := 0
	for n := range runs {
		if rows += runs[n].weight(); rows > p.size() {
			return max(n, 1)
		}
	}
	return len(runs)
}

// meets reports whether somebody else has written since the last transaction.
func (p *pace) meets(company int64) bool {
	met := company != p.met
	p.met = company
	return met
}

// paced runs fn in a transaction, and adds to its result what that does to the size of the file. If others write, it then
// lets them do so for as long as it took itself.
func (s *Store) paced(ctx context.Context, p *pace, fn func(*Tx) (PruneResult, error)) (PruneResult, error) {
	var result PruneResult
	var begun, done time.Time
	var others bool
	err := s.await(ctx, &request{paced: true, update: func(tx *Tx) (err error) {
		begun, others = time.Now(), p.meets(tx.b.w.company)
		bytes, err := tx.saved(func() (err error) {
			result, err = fn(tx)
			return err
		})
		result.Bytes, done = bytes, time.Now()
		return err
	}})
	if err != nil {
		return PruneResult{}, err
	}
	p.took(done.Sub(begun), time.Since(done), others)
	if others {
		rest(ctx, time.Since(begun))
	}
	return result, nil
}

// rest lets others have their turn.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
