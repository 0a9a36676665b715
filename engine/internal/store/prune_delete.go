package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	queries "github.com/durable-wf/wf/sql"
)

// group are the ids of some runs and their rows, as the statements take them.
type group struct {
	runs, history, checkpoints []int64
	long                       []int64    // those of the runs whose histories stay for later
	found                      [][2]int64 // of the runs: id and number of events
}

func groupOf(runs []doomed) (g group) {
	for i := range runs {
		g.runs = append(g.runs, runs[i].ID)
		g.found = append(g.found, [2]int64{runs[i].ID, runs[i].Seq})
		g.history = append(g.history, runs[i].history...)
		g.checkpoints = append(g.checkpoints, runs[i].checkpoints...)
	}
	return g
}

// delete deletes runs and all their rows, a few in each transaction. archive is the file that has them now.
func (s *Store) delete(ctx context.Context, runs []doomed, archive string) (PruneResult, error) {
	var total PruneResult
	var p pace
	if err := s.findShort(ctx, runs); err != nil {
		return total, err
	}
	for len(runs) > 0 {
		n := p.take(runs)
		g := deletionOf(runs[:n])
		result, err := s.paced(ctx, &p, func(tx *Tx) (PruneResult, error) { return tx.deleteRuns(&g, archive) })
		total.add(result)
		if err != nil {
			return total, err
		}
		if len(g.long) > 0 {
			result, err := s.sweep(ctx, &p)
			total.add(result)
			if err != nil {
				return total, err
			}
		}
		runs = runs[n:]
	}
	return total, nil
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

// deletionOf is groupOf without the histories that are too long to be deleted with their runs.
func deletionOf(runs []doomed) group {
	g := groupOf(runs)
	g.history = nil
	for i := range runs {
		if d := &runs[i]; d.long() {
			g.long = append(g.long, d.ID)
		} else {
			g.history = append(g.history, d.history...)
		}
	}
	return g
}

// deleteRuns deletes the runs that are still as they were found: one that has failed may have been retried since. Of
// those that have long histories, these are left for later.
func (tx *Tx) deleteRuns(g *group, archive string) (result PruneResult, err error) {
	final, err := tx.final(g)
	if err != nil || len(final) == 0 {
		return result, err
	}
	whole, long := split(final, g.long)
	runs := sql.Named("runs", jsonList(final))
	if _, err := tx.exec(queries.PruneMark, runs, sql.Named("now_us", tx.NowUS), sql.Named("archive", nullText(archive))); err != nil {
		return result, err
	}
	short := sql.Named("runs", ids(whole))
	for _, step := range []struct {
		rows  *int64
		query string
		args  []any
	}{
		{new(int64), queries.LeftoverNote, []any{sql.Named("runs", ids(long))}},
		{&result.History, queries.PruneHistory, []any{short, sql.Named("history", ids(g.history))}},
		{&result.Checkpoints, queries.PruneCheckpoints, []any{runs}},
		{&result.Calls, queries.PruneCalls, []any{runs}},
		{new(int64), queries.PruneSignals, []any{runs}},
		{new(int64), queries.PruneAttributes, []any{runs}},
		{&result.Metrics, queries.PruneMetrics, []any{short}},
		{new(int64), queries.PruneUndos, []any{runs}},
		{new(int64), queries.PruneHooks, []any{runs}},
		{&result.Runs, queries.PruneRunsDelete, []any{runs}},
	} {
		if *step.rows, err = tx.exec(step.query, step.args...); err != nil {
			return result, err
		}
	}
	return result, nil
}

// split divides ids into those that are not in list, and those that are.
func split(ids, list []int64) (out, in []int64) {
	for _, id := range ids {
		if slices.Contains(list, id) {
			in = append(in, id)
		} else {
			out = append(out, id)
		}
	}
	return out, in
}

// final returns the runs of a group that have not gone on since they were found.
func (tx *Tx) final(g *group) ([]int64, error) {
	found, err := json.Marshal(g.found)
	if err != nil {
		return nil, err
	}
	rows, err := tx.query(queries.PruneFinal, sql.Named("runs", string(found)))
	if err != nil {
		return nil, err
	}
	return scanIDs(rows)
}
