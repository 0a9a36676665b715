package store

import (
	"cmp"
	"context"
	"database/sql"
	"log/slog"
	"slices"

	queries "github.com/durable-wf/wf/sql"
)

// longHistory is from how many rows on a history is not deleted in one transaction, with its run or when that
// completes, but noted to be deleted in steps.
const longHistory = 256

// leftover is what is still to be deleted of a run: the history from row Head back to row First, and its metrics if it
// is gone.
type leftover struct {
	Run   int64 `db:"run"`
	First int64 `db:"first"`
	Head  int64 `db:"head"`

	Measured bool `db:"measured"`
}

// short reports whether the leftover may be deleted together with others: it is then found by a look at all rows from its first
// to its newest.
func (l *leftover) short() bool { return !l.Measured && l.Head-l.First < scanRows }

// sweeper deletes leftovers. The zero value, with a store, is ready.
type sweeper struct {
	store             *Store
	rows, runs, pages pace
	swept             int64 // rows of long ones since pages were given back last
}

// sweep deletes all leftovers. Several processes may be at it: of a long one, one of them goes on.
func (w *sweeper) sweep(ctx context.Context) (total PruneResult, err error) {
	for {
		left, err := list[leftover](ctx, w.store, "leftovers", queries.LeftoverList)
		if err != nil || len(left) == 0 {
			return total, err
		}
		for len(left) > 0 {
			n := together(left)
			var result PruneResult
			if left[0].short() {
				result, err = w.sweepRuns(ctx, left[:n])
			} else {
				result, err = w.sweepRun(ctx, left[0])
			}
			total.add(result)
			if err != nil {
				return total, err
			}
			left = left[n:]
		}
	}
}

// together returns how many of the first leftovers are deleted together: short ones that lie close to each other.
func together(left []leftover) int {
	if !left[0].short() {
		return 1
	}
	first, head := left[0].First, left[0].Head
	for n := 1; n < len(left); n++ {
		first, head = min(first, left[n].First), max(head, left[n].Head)
		if !left[n].short() || head-first > int64(n+1)*scanRows {
			return n
		}
	}
	return len(left)
}

// sweepRuns deletes leftovers that are short.
func (w *sweeper) sweepRuns(ctx context.Context, left []leftover) (total PruneResult, err error) {
	runs := make([]*doomed, len(left))
	for i, l := range left {
		runs[i] = &doomed{ID: l.Run, First: l.First, Head: l.Head}
	}
	first, head := spanOf(runs)
	if err := w.store.scanHistory(ctx, runs, first, head); err != nil {
		return total, err
	}
	if total, err = w.deleteHistories(ctx, runs); err != nil {
		return total, err
	}
	space, err := w.store.shrink(ctx, &w.pages)
	total.add(space)
	return total, err
}

// deleteHistories deletes what was found of the histories of runs, and then forgets that these were left.
func (w *sweeper) deleteHistories(ctx context.Context, runs []*doomed) (total PruneResult, err error) {
	var rows, numbers []int64
	for _, run := range runs {
		rows, numbers = append(rows, run.history...), append(numbers, run.ID)
	}
	slices.SortFunc(rows, func(a, b int64) int { return cmp.Compare(b, a) })
	if total, err = w.delete(ctx, rows, &w.rows, queries.PruneHistory); err == nil {
		_, err = w.delete(ctx, numbers, &w.runs, queries.LeftoverForget)
	}
	return total, err
}

// delete deletes rows of the history, or what a statement deletes in their place.
func (w *sweeper) delete(ctx context.Context, list []int64, p *pace, query string) (total PruneResult, err error) {
	for len(list) > 0 {
		n := min(p.size(), len(list))
		result, err := w.store.paced(ctx, p, func(tx *Tx) (result PruneResult, err error) {
			result.History, err = tx.exec(query, sql.Named("ids", ids(list[:n])))
			return result, err
		})
		total.add(result)
		if err != nil {
			return total, err
		}
		list = list[n:]
	}
	return total, nil
}

// sweepRun deletes one leftover.
func (w *sweeper) sweepRun(ctx context.Context, l leftover) (total PruneResult, err error) {
	for l.Head >= l.First {
		rows, next, err := w.store.leftRows(ctx, l, w.rows.size())
		if err != nil {
			return total, err
		}
		var moved int64
		result, err := w.step(ctx, func(tx *Tx) (result PruneResult, err error) {
			moved, err = tx.exec(queries.LeftoverMove, sql.Named("run", l.Run), sql.Named("head", l.Head), sql.Named("next", next))
			if err == nil && moved > 0 {
				result.History, err = tx.exec(queries.PruneHistory, sql.Named("ids", ids(rows)))
			}
			return result, err
		})
		total.add(result)
		if err != nil || moved == 0 {
			return total, err
		}
		l.Head = next
	}
	for n := int64(1); n > 0; {
		result, err := w.step(ctx, func(tx *Tx) (result PruneResult, err error) {
			n, err = tx.exec(queries.LeftoverMetrics, sql.Named("run", l.Run), sql.Named("limit", w.rows.size()))
			if result.Metrics = n; err == nil && n == 0 {
				_, err = tx.exec(queries.LeftoverDone, sql.Named("run", l.Run))
			}
			return result, err
		})
		total.add(result)
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// step runs fn in a transaction, and gives pages back once many rows were deleted.
func (w *sweeper) step(ctx context.Context, fn func(*Tx) (PruneResult, error)) (total PruneResult, err error) {
	if total, err = w.store.paced(ctx, &w.rows, fn); err != nil {
		return total, err
	}
	if w.swept += total.History + total.Metrics; w.swept < pruneGroup {
		return total, nil
	}
	w.swept = 0
	space, err := w.store.shrink(ctx, &w.pages)
	total.add(space)
	return total, err
}

// leftRows returns the newest n rows of a leftover, and the row that follows them, 0 if none does. Where damage hides
// that one it looks through a part of the file, so that nothing stays.
func (s *Store) leftRows(ctx context.Context, l leftover, n int) (rows []int64, next int64, err error) {
	type link struct {
		ID   int64 `db:"id"`
		Prev int64 `db:"prev"`
		Run  int64 `db:"run"`
	}
	links, err := list[link](ctx, s, "leftovers", queries.HistoryWalk,
		sql.Named("head", l.Head), sql.Named("after", l.First-1), sql.Named("limit", n))
	if err != nil {
		return nil, 0, err
	}
	next = l.Head
	for _, k := range links {
		if k.ID != next || k.Run != l.Run || k.Prev >= k.ID {
			break
		}
		rows, next = append(rows, k.ID), k.Prev
	}
	if len(rows) > 0 {
		return rows, next, nil
	}
	d := doomed{ID: l.Run}
	next = max(l.First-1, l.Head-scanRows)
	err = s.scanHistory(ctx, []*doomed{&d}, next+1, l.Head)
	return d.history, next, err
}

// keepSweeping deletes what was left before the file was opened, and then what runs leave that complete, until ctx ends.
func (s *Store) keepSweeping(ctx context.Context) {
	for {
		w := sweeper{store: s}
		if _, err := w.sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("deleting histories that nobody needs", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-s.left:
		}
	}
}

// leaves says that there is something to sweep.
func (s *Store) leaves() {
	select {
	case s.left <- struct{}{}:
	default: // it will look anyway
	}
}
