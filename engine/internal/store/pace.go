package store

import (
	"context"
	"time"
)

// What deletes much does it in transactions so short that who has to wait for one hardly notices: what it does in one
// takes about as long as the commit, which depends on the disk, but not much less than this.
const paceTarget = 250 * time.Microsecond

// paceLongest bounds that: a disk of which half the commits take longer is busy with something else.
const paceLongest = 10 * time.Millisecond

// Rows of the first of these transactions, and of any. Fewer than the least would cost more in commits than they save.
const paceRows, paceLeast, paceMost = 64, 32, 4096

// paceRun is how many rows of the history take as long as a run does, with its entries in indexes and what is left of it.
const paceRun = 8

// pace says how many rows one transaction deletes, from how long those before it took. The zero value is ready.
type pace struct {
	rows   int
	commit time.Duration // how long commits take: about half of them longer
	met    int64         // the writer's company at the last of the transactions
}

func (p *pace) size() int {
	if p.rows == 0 {
		p.rows = paceRows
	}
	return p.rows
}

// took notes how long the work of a transaction took, and then its commit.
func (p *pace) took(work, commit time.Duration) {
	switch {
	case p.commit == 0:
		p.commit = commit
	case commit > p.commit:
		p.commit += p.commit / 16
	default:
		p.commit -= p.commit / 16
	}
	target := max(paceTarget, min(p.commit, paceLongest))
	switch {
	case work > target:
		p.rows = max(p.size()-p.size()/4, paceLeast)
	case work < target/2:
		p.rows = min(p.size()+p.size()/4+1, paceMost)
	}
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
	var company bool
	err := s.await(ctx, &request{paced: true, update: func(tx *Tx) (err error) {
		begun, company = time.Now(), p.meets(tx.b.w.company)
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
	p.took(done.Sub(begun), time.Since(done))
	if company {
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
