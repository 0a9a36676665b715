package store

import (
	"context"
	"database/sql"
	"log/slog"

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
}

// sweep deletes leftovers. Of several processes that are at it, one goes on with each.
func (s *Store) sweep(ctx context.Context, p *pace) (total PruneResult, err error) {
	for {
		left, err := list[leftover](ctx, s, "leftovers", queries.LeftoverList)
		if err != nil || len(left) == 0 {
			return total, err
		}
		for _, l := range left {
			result, err := s.sweepRun(ctx, l, p)
			total.add(result)
			if err != nil {
				return total, err
			}
		}
	}
}

// sweepRun deletes one leftover.
func (s *Store) sweepRun(ctx context.Context, l leftover, p *pace) (total PruneResult, err error) {
	for l.Head >= l.First {
		rows, next, err := s.leftRows(ctx, l, p.size())
		if err != nil {
			return total, err
		}
		var moved int64
		result, err := s.paced(ctx, p, func(tx *Tx) (result PruneResult, err error) {
			moved, err = tx.exec(queries.LeftoverMove, sql.Named("run", l.Run), sql.Named("head", l.Head), sql.Named("next", next))
			if err == nil && moved > 0 {
				result.History, err = tx.exec(queries.PruneHistory, sql.Named("runs", ids([]int64{l.Run})), sql.Named("history", ids(rows)))
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
		result, err := s.paced(ctx, p, func(tx *Tx) (result PruneResult, err error) {
			n, err = tx.exec(queries.LeftoverMetrics, sql.Named("run", l.Run), sql.Named("limit", p.size()))
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
		var p pace
		if _, err := s.sweep(ctx, &p); err != nil && ctx.Err() == nil {
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
