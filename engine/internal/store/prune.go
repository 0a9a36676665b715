package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	queries "github.com/durable-wf/wf/sql"
)

const (
	prunePage  = 5000 // runs looked up at a time
	pruneGroup = 5000 // rows that one transaction deletes, unless a single run has more
)

// Retention says what may go. Runs that have not ended never do.
type Retention struct {
	EndedBeforeUS int64    // runs that ended before this time; 0 for none
	Statuses      []string // only these of completed, failed and cancelled; nil for all three
	Workflows     []string // only these; nil for all
	KeyBeforeUS   int64    // keys whose runs ended before this time and are gone; 0 for none
	DryRun        bool     // count only
}

// PruneResult counts the rows that went (with DryRun: that would go).
type PruneResult struct {
	Runs, History, Checkpoints, Calls, Metrics, Keys, Workers int64
}

func (p *PruneResult) add(q PruneResult) {
	p.Runs += q.Runs
	p.History += q.History
	p.Checkpoints += q.Checkpoints
	p.Calls += q.Calls
	p.Metrics += q.Metrics
	p.Keys += q.Keys
	p.Workers += q.Workers
}

// Prune deletes runs that have ended with all their rows, and leaves of each its UUID, number of
// history rows and newest hash (see Pruned). It does so in short transactions, some runs in each: after
// a crash or an error each run is there completely or gone completely, and what is counted is gone.
func (s *Store) Prune(ctx context.Context, r Retention) (PruneResult, error) {
	total, err := s.retire(ctx, &r, func(ctx context.Context, runs []doomed) (PruneResult, error) {
		return s.delete(ctx, runs, "")
	})
	if err != nil {
		return total, err
	}
	rest, err := s.pruneRest(ctx, &r)
	total.add(rest)
	return total, err
}

// doomed is a run that goes, with the ids of the rows that go with it.
type doomed struct {
	ID      int64  `db:"id"`
	UUID    string `db:"uuid"`
	Seq     int64  `db:"seq"`
	First   int64  `db:"first_history"`
	Head    int64  `db:"head_history"`
	EndedUS int64  `db:"ended_us"`
	Copies  string `db:"copies"`
	Metrics int64  `db:"metrics"` // how many points it has measured

	history     []int64
	checkpoints []int64
}

// month is the month of completion, which names the archive file.
func (d *doomed) month() string { return time.UnixMicro(d.EndedUS).UTC().Format("2006-01") }

// rows is how many rows go with the run.
func (d *doomed) rows() int { return 1 + len(d.history) + len(d.checkpoints) + int(d.Metrics) }

// retire calls remove with groups of the runs that r lets go. The runs of a group ended in one month.
func (s *Store) retire(ctx context.Context, r *Retention, remove func(context.Context, []doomed) (PruneResult, error)) (PruneResult, error) {
	var total PruneResult
	for before := int64(math.MaxInt64); ; {
		page, err := s.doomedPage(ctx, r, before)
		if err != nil || len(page) == 0 {
			return total, err
		}
		before = page[len(page)-1].ID
		slices.SortStableFunc(page, func(a, b doomed) int { return cmp.Compare(a.month(), b.month()) })
		for len(page) > 0 {
			n := groupSize(page)
			result := count(page[:n])
			if !r.DryRun {
				result, err = remove(ctx, page[:n])
			}
			total.add(result)
			if err != nil {
				return total, err
			}
			page = page[n:]
		}
	}
}

// groupSize returns how many of the first runs one transaction takes.
func groupSize(runs []doomed) int {
	rows := runs[0].rows()
	for n := 1; n < len(runs); n++ {
		rows += runs[n].rows()
		if rows > pruneGroup || runs[n].month() != runs[0].month() {
			return n
		}
	}
	return len(runs)
}

func count(runs []doomed) (c PruneResult) {
	for i := range runs {
		c.Runs++
		c.History += int64(len(runs[i].history))
		c.Checkpoints += int64(len(runs[i].checkpoints))
		c.Metrics += runs[i].Metrics
	}
	return c
}

// doomedPage returns the next runs that go, newest first: so a parent goes after its children.
func (s *Store) doomedPage(ctx context.Context, r *Retention, before int64) ([]doomed, error) {
	page, err := list[doomed](ctx, s, "runs to prune", queries.PruneRuns,
		sql.Named("before", before), sql.Named("ended_before_us", r.EndedBeforeUS), sql.Named("limit", prunePage),
		sql.Named("workflows", jsonList(r.Workflows)), sql.Named("statuses", jsonList(r.Statuses)))
	if err != nil {
		return nil, err
	}
	return page, s.findRows(ctx, page)
}

// findRows finds the ids of the rows that go with runs.
func (s *Store) findRows(ctx context.Context, runs []doomed) error {
	for i := range runs {
		if err := json.Unmarshal([]byte(runs[i].Copies), &runs[i].checkpoints); err != nil {
			return fmt.Errorf("run %d: %w: its list of checkpoints: %w", runs[i].ID, ErrCorrupt, err)
		}
	}
	return s.findHistory(ctx, runs)
}

// findHistory finds the history rows of runs by one scan of the part of the history in which they
// lie. It does so before the transaction that deletes them: the history of a run that has ended is final.
func (s *Store) findHistory(ctx context.Context, runs []doomed) error {
	type row struct {
		ID  int64 `db:"id"`
		Run int64 `db:"run"`
	}
	byID := make(map[int64]*doomed, len(runs))
	var ids []int64
	var first, head int64
	for i := range runs {
		if d := &runs[i]; d.First != 0 {
			byID[d.ID] = d
			ids = append(ids, d.ID)
			if first == 0 || d.First < first {
				first = d.First
			}
			head = max(head, d.Head)
		}
	}
	for after := first - 1; len(ids) > 0 && after < head; after += scanRows {
		rows, err := list[row](ctx, s, "history to prune", queries.PruneHistoryFind,
			sql.Named("after", after), sql.Named("last", min(head, after+scanRows)), sql.Named("runs", jsonList(ids)))
		if err != nil {
			return err
		}
		for _, r := range rows {
			byID[r.Run].history = append(byID[r.Run].history, r.ID)
		}
	}
	return nil
}

// group are the ids of some runs and their rows, as the statements take them.
type group struct {
	runs, history, checkpoints []int64
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

// delete deletes runs and all their rows in one transaction. archive is the file that has them now.
func (s *Store) delete(ctx context.Context, runs []doomed, archive string) (PruneResult, error) {
	g := groupOf(runs)
	var result PruneResult
	err := s.Update(ctx, func(tx *Tx) (err error) {
		result, err = tx.deleteRuns(&g, archive)
		return err
	})
	if err != nil {
		return PruneResult{}, err
	}
	return result, nil
}

// deleteRuns deletes the runs that are still as they were found: one that has failed may have been retried since.
func (tx *Tx) deleteRuns(g *group, archive string) (result PruneResult, err error) {
	final, err := tx.final(g)
	if err != nil || len(final) == 0 {
		return result, err
	}
	runs := sql.Named("runs", jsonList(final))
	if _, err := tx.exec(queries.PruneMark, runs, sql.Named("now_us", tx.NowUS), sql.Named("archive", nullText(archive))); err != nil {
		return result, err
	}
	for _, step := range []struct {
		rows  *int64
		query string
		args  []any
	}{
		{&result.History, queries.PruneHistory, []any{runs, sql.Named("history", ids(g.history))}},
		{&result.Checkpoints, queries.PruneCheckpoints, []any{runs}},
		{&result.Calls, queries.PruneCalls, []any{runs}},
		{new(int64), queries.PruneSignals, []any{runs}},
		{new(int64), queries.PruneAttributes, []any{runs}},
		{&result.Metrics, queries.PruneMetrics, []any{runs}},
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

// ids is jsonList for ids of which there may be none, which is not "all".
func ids(list []int64) any {
	if len(list) == 0 {
		return "[]"
	}
	return jsonList(list)
}

// pruneRest deletes what no run needs any more: keys that have outlived their runs long enough,
// workers that nothing names, files, folders of runs, and what processes have left that died.
func (s *Store) pruneRest(ctx context.Context, r *Retention) (PruneResult, error) {
	var total PruneResult
	if r.DryRun {
		var err error
		total.Keys, err = get[int64](ctx, s, "keys to prune", queries.PruneKeysCount, sql.Named("key_before_us", r.KeyBeforeUS))
		return total, err
	}
	for more := true; more; {
		err := s.Update(ctx, func(tx *Tx) error {
			n, err := tx.exec(queries.PruneKeys, sql.Named("key_before_us", r.KeyBeforeUS), sql.Named("limit", pruneGroup))
			total.Keys += n
			more = n == pruneGroup
			return err
		})
		if err != nil {
			return total, err
		}
	}
	err := s.Update(ctx, func(tx *Tx) (err error) {
		total.Workers, err = tx.exec(queries.PruneWorkers, sql.Named("ended_before_us", r.EndedBeforeUS))
		return err
	})
	if err != nil {
		return total, err
	}
	if _, err = s.Collect(ctx); err != nil {
		return total, err
	}
	return total, errors.Join(s.removeFolders(ctx), s.removeWorkspaces())
}
