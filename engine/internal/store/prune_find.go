package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	queries "github.com/durable-wf/wf/sql"
)

// findRows finds the ids of the rows that go with runs.
func (s *Store) findRows(ctx context.Context, runs []doomed) error {
	if err := findCheckpoints(runs); err != nil {
		return err
	}
	all := make([]*doomed, len(runs))
	for i := range runs {
		all[i] = &runs[i]
	}
	return s.findHistory(ctx, all)
}

func findCheckpoints(runs []doomed) error {
	for i := range runs {
		if err := json.Unmarshal([]byte(runs[i].Copies), &runs[i].checkpoints); err != nil {
			return fmt.Errorf("run %d: %w: its list of checkpoints: %w", runs[i].ID, ErrCorrupt, err)
		}
	}
	return nil
}

// findHistory finds the history rows of runs. Where they lie close together it scans that part of the history, and
// else it follows the rows of each run. It does so before the transaction that deletes them: the history of a run that
// has ended is final.
func (s *Store) findHistory(ctx context.Context, runs []*doomed) error {
	var rows int64
	for _, d := range runs {
		rows += d.events()
		d.history = nil // of an earlier look
	}
	var dense []*doomed
	for _, d := range runs {
		if d.First == 0 {
			continue
		}
		if d.Head-d.First < walkRatio*rows {
			dense = append(dense, d)
			continue
		}
		if err := s.findAlone(ctx, d); err != nil {
			return err
		}
	}
	first, head := spanOf(dense)
	if head-first < walkRatio*rows {
		return s.scanHistory(ctx, dense, first, head)
	}
	for _, d := range dense {
		if err := s.findAlone(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// spanOf is where the histories of runs lie, zeros if there are none.
func spanOf(runs []*doomed) (first, head int64) {
	for i, d := range runs {
		if i == 0 || d.First < first {
			first = d.First
		}
		head = max(head, d.Head)
	}
	return first, head
}

// findAlone finds the history of one run. What damage hides from who follows its rows is found by a scan.
func (s *Store) findAlone(ctx context.Context, d *doomed) (err error) {
	if d.history, err = s.walk(ctx, d.ID, d.First, d.Head, 0); errors.Is(err, ErrCorrupt) {
		d.history = nil
		return s.scanHistory(ctx, []*doomed{d}, d.First, d.Head)
	}
	return err
}

// scanHistory finds the histories of runs between two rows.
func (s *Store) scanHistory(ctx context.Context, runs []*doomed, first, head int64) error {
	type row struct {
		ID  int64 `db:"id"`
		Run int64 `db:"run"`
	}
	byID := make(map[int64]*doomed, len(runs))
	var numbers []int64
	for _, d := range runs {
		byID[d.ID] = d
		numbers = append(numbers, d.ID)
	}
	for after := first - 1; len(runs) > 0 && after < head; after += scanRows {
		rows, err := list[row](ctx, s, "history to prune", queries.PruneHistoryFind,
			sql.Named("after", after), sql.Named("last", min(head, after+scanRows)), sql.Named("runs", jsonList(numbers)))
		if err != nil {
			return err
		}
		for _, r := range rows {
			byID[r.Run].history = append(byID[r.Run].history, r.ID)
		}
	}
	return nil
}
