package store

import (
	"context"
	"time"
)

// What deletes much does it in transactions that take about so long, since nothing else is written meanwhile.
const paceTarget = 500 * time.Microsecond

// Rows of the first of these transactions, and of any. Fewer than the least would cost more in commits than they save.
const paceRows, paceLeast, paceMost = 64, 32, 4096

// pace says how many rows one transaction deletes, from how long those before it took. The zero value is ready.
type pace struct{ rows int }

func (p *pace) size() int {
	if p.rows == 0 {
		p.rows = paceRows
	}
	return p.rows
}

// took notes how long a transaction was at it.
func (p *pace) took(d time.Duration) {
	switch {
	case d > paceTarget:
		p.rows = max(p.size()-p.size()/4, paceLeast)
	case d < paceTarget/2:
		p.rows = min(p.size()+p.size()/4+1, paceMost)
	}
}

// take returns how many of the first runs go in the next transaction: at least one.
func (p *pace) take(runs []doomed) int {
	rows := int64(0)
	for n := range runs {
		if runs[n].long() {
			rows++ // its rows go later
		} else {
			rows += runs[n].rows()
		}
		if rows > int64(p.size()) {
			return max(n, 1)
		}
	}
	return len(runs)
}

// paced runs fn in a transaction, gives back pages that it has freed, and then lets others write for as long as it took.
func (s *Store) paced(ctx context.Context, p *pace, fn func(*Tx) (PruneResult, error)) (PruneResult, error) {
	var result PruneResult
	var took time.Duration
	err := s.Update(ctx, func(tx *Tx) (err error) {
		begun := time.Now()
		before, err := tx.space()
		if err != nil {
			return err
		}
		if result, err = fn(tx); err != nil {
			return err
		}
		took = time.Since(begun)
		after, err := tx.vacuum(paceTarget / 2)
		result.Bytes = before.bytes() - after.bytes()
		return err
	})
	if err != nil {
		return PruneResult{}, err
	}
	p.took(took)
	rest(ctx, took)
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
