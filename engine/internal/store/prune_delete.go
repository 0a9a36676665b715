package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	queries "github.com/durable-wf/wf/sql"
)

// group are the ids of some runs and their rows, as the statements take them.
type group struct {
	runs, history, checkpoints []int64
}

func groupOf(runs []doomed) (g group) {
	for i := range runs {
		g.runs = append(g.runs, runs[i].ID)
		g.history = append(g.history, runs[i].history...)
		g.checkpoints = append(g.checkpoints, runs[i].checkpoints...)
	}
	return g
}

// deletion deletes runs, at the pace that it has found with those before them.
type deletion struct {
	sweeper sweeper // of their histories
	archive string  // the file that has the runs now
	pace    pace
}

// delete deletes runs and all their rows, in short transactions: first the runs, a few at a time, and then their
// histories together from the newest row backwards, so that whole pages become free: runs that executed side by side have
// their rows on the same ones. In between the histories are leftovers.
func (d *deletion) delete(ctx context.Context, runs []doomed) (total PruneResult, err error) {
	defer func() {
		if err != nil {
			d.sweeper.store.leaves() // what was not deleted with the runs
		}
	}()
	if err := d.sweeper.store.findShort(ctx, runs); err != nil {
		return total, err
	}
	order(runs)
	var gone []*doomed
	for rest := runs; len(rest) > 0; {
		n := d.pace.take(rest)
		result, removed, err := d.deleteRuns(ctx, rest[:n])
		total.add(result)
		if err != nil {
			return total, err
		}
		gone, rest = append(gone, removed...), rest[n:]
	}
	short := slices.DeleteFunc(slices.Clone(gone), func(d *doomed) bool { return d.long() || !d.left() })
	result, err := d.sweeper.deleteHistories(ctx, short)
	total.Bytes += result.Bytes
	if err == nil && slices.ContainsFunc(gone, (*doomed).long) {
		result, err = d.sweeper.sweep(ctx)
		total.Bytes += result.Bytes
	}
	if err == nil {
		result, err = d.sweeper.store.shrink(ctx, &d.sweeper.pages)
		total.Bytes += result.Bytes
	}
	return total, err
}

// order puts those runs first that have relatives, as they were: children before their parents. The others follow in the
// order of their UUIDs, by which what is left of them fills its pages.
func order(runs []doomed) {
	slices.SortStableFunc(runs, func(a, b doomed) int {
		switch {
		case a.Kin && b.Kin:
			return 0
		case a.Kin:
			return -1
		case b.Kin:
			return 1
		}
		return cmp.Compare(a.ID, b.ID)
	})
}

// findShort finds the histories of the runs that have no long ones, unless that was done.
func (s *Store) findShort(ctx context.Context, runs []doomed) error {
	var short []*doomed
	for i := range runs {
		if d := &runs[i]; !d.long() && d.history == nil {
			short = append(short, d)
		}
	}
	return s.findHistory(ctx, short)
}

// deleteRuns deletes runs in one transaction, and returns those that it has deleted.
func (d *deletion) deleteRuns(ctx context.Context, runs []doomed) (result PruneResult, gone []*doomed, err error) {
	result, err = d.sweeper.store.paced(ctx, &d.pace, func(tx *Tx) (result PruneResult, err error) {
		if gone, err = tx.final(runs); err == nil && len(gone) > 0 {
			result, err = tx.deleteRuns(gone, d.archive)
		}
		return result, err
	})
	return result, gone, err
}

// final returns those of the runs that are still as they were found: one that has failed may have been retried since.
func (tx *Tx) final(runs []doomed) (final []*doomed, err error) {
	found, err := foundOf(runs)
	if err != nil {
		return nil, err
	}
	rows, err := tx.query(queries.PruneFinal, found)
	if err != nil {
		return nil, err
	}
	numbers, err := scanIDs(rows)
	for i := range runs {
		if slices.Contains(numbers, runs[i].ID) {
			final = append(final, &runs[i])
		}
	}
	return final, err
}

// foundOf is how runs were found, as a parameter: the id and the number of events of each.
func foundOf(runs []doomed) (sql.NamedArg, error) {
	found := make([][2]int64, len(runs))
	for i := range runs {
		found[i] = [2]int64{runs[i].ID, runs[i].Seq}
	}
	text, err := json.Marshal(found)
	return sql.Named("runs", string(text)), err
}

// deleteRuns deletes runs, and leaves their histories for later. Its result counts these as well: whoever deletes them, they
// go. What was found of the runs holds: nothing is added to one that has ended but by an event.
func (tx *Tx) deleteRuns(runs []*doomed, archive string) (result PruneResult, err error) {
	var all, left, measured []int64
	var copies, more bool
	var points int64
	for _, d := range runs {
		all = append(all, d.ID)
		if d.left() {
			left = append(left, d.ID)
		}
		if d.Metrics > 0 && !d.long() {
			measured = append(measured, d.ID)
		}
		copies, more = copies || len(d.checkpoints) > 0, more || d.More
		result.History += d.events()
		if d.long() {
			result.Metrics += d.Metrics
		}
	}
	for _, step := range []struct {
		wanted bool // most runs have little, and a statement that finds nothing takes its time, too
		rows   *int64
		query  string
		runs   []int64
		args   []any
	}{
		{true, new(int64), queries.PruneMark, all, []any{sql.Named("now_us", tx.NowUS), sql.Named("archive", nullText(archive))}},
		{len(left) > 0, new(int64), queries.LeftoverNote, left, nil},
		{copies, &result.Checkpoints, queries.PruneCheckpoints, all, nil},
		{len(measured) > 0, &points, queries.PruneMetrics, measured, nil},
		{more, &result.Calls, queries.PruneCalls, all, nil},
		{more, new(int64), queries.PruneSignals, all, nil},
		{more, new(int64), queries.PruneAttributes, all, nil},
		{more, new(int64), queries.PruneUndos, all, nil},
		{more, new(int64), queries.PruneHooks, all, nil},
		{true, &result.Runs, queries.PruneRunsDelete, all, nil},
	} {
		if !step.wanted {
			continue
		}
		if *step.rows, err = tx.exec(step.query, append(step.args, sql.Named("runs", ids(step.runs)))...); err != nil {
			return result, err
		}
	}
	result.Metrics += points
	return result, nil
}
