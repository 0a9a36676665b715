package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
)

// claim gives runs to the worker that asks for them.
func (b *batch) claim(r *request) error {
	r.returnRuns()
	if _, err := b.limits(); err != nil {
		return err
	}
	g := &grant{b: b, claim: r.claim, left: r.claim.Limit}
	if slots := r.claim.Slots; slots != nil {
		reserved := slots.Reserve(g.left)
		g.left = reserved
		defer func() { slots.Vacate(reserved - len(r.runs)) }()
	}
	serve := g.any
	switch {
	case r.claim.IDs != nil:
		serve = g.named
	case r.claim.Root != 0:
		serve = g.branch
	}
	if err := serve(); err != nil {
		return err
	}
	r.runs, r.again = g.given, g.woken > 0 && g.left > 0
	return b.saveLimits()
}

// returnRuns forgets what was granted by a transaction that has failed.
func (r *request) returnRuns() {
	if r.claim.Slots != nil && len(r.runs) > 0 {
		r.claim.Slots.Vacate(len(r.runs))
	}
	r.runs, r.again = nil, false
}

// maxWoken is how many due runs one claim may let enter their queues, so that the transaction stays short.
const maxWoken = 1000

// grant is a claim while it is granted.
type grant struct {
	b     *batch
	claim *Claim
	left  int              // how many more runs may be given
	heads map[string]int64 // the highest priority that is pending, by queue
	given []Run
	woken int // due runs that went to their queues, since they cannot be given at once
}

// candidate is a run that can be claimed as far as its own row goes.
type candidate struct {
	ID    int64 `db:"id"`
	Begun bool  `db:"begun"` // it has been claimed before
}

// any grants whatever there is: runs that no limit holds up first, then the same share of each lane.
func (g *grant) any() error {
	lanes, err := g.b.lanes(g.claim.Workflows)
	if err != nil {
		return err
	}
	g.heads = map[string]int64{}
	for _, l := range lanes {
		if l.Kind == laneQueue {
			g.heads[l.Queue] = l.Head
		}
	}
	if i := slices.IndexFunc(lanes, func(l lane) bool { return l.Kind == laneFree }); i >= 0 {
		lanes = slices.Delete(lanes, i, i+1)
		if err := g.free(); err != nil {
			return err
		}
	}
	for len(lanes) > 0 && g.left > 0 {
		if lanes, err = g.round(lanes); err != nil {
			return err
		}
	}
	return nil
}

// round serves each lane once, and returns those that may have more.
func (g *grant) round(lanes []lane) (more []lane, err error) {
	share := max(1, g.left/len(lanes))
	var ids []int64
	for _, l := range lanes {
		had := g.left
		if had == 0 {
			break
		}
		goOn := false
		if l.Kind == laneDue {
			goOn, err = g.due(min(share, had))
		} else {
			var picked []int64
			picked, goOn, err = g.pending(l.Queue, min(share, had))
			ids = append(ids, picked...)
		}
		if err != nil {
			return nil, err
		}
		if g.left < had {
			g.b.w.served = l.name()
		}
		if goOn {
			more = append(more, l)
		}
	}
	runs, err := g.b.rows(ids)
	if err != nil {
		return nil, err
	}
	return more, g.give(runs)
}

// pending picks up to n runs of a queue, as far as its limits allow. It reports whether there may be more.
func (g *grant) pending(queue string, n int) (ids []int64, more bool, err error) {
	q, stmt := g.b.queues[queue], g.b.w.stmts.claimQueue
	if q != nil {
		n = int(min(int64(n), q.places()))
		starts := q.StartsAt(g.b.wall)
		if starts == 0 {
			stmt = g.b.w.stmts.claimBegun
		} else {
			n = int(min(int64(n), starts))
		}
	}
	if n == 0 {
		return nil, false, nil
	}
	found, err := g.candidates(stmt, n, sql.Named("queue", queue))
	for _, c := range found {
		ids = append(ids, c.ID)
		if q != nil {
			q.take(c.Begun, g.b.wall)
		}
	}
	g.left -= len(ids)
	return ids, len(ids) == n, err
}

// due gives up to n runs for which they have waited the time has come. Those that others of their queue go
// before, or for which it has no place, enter the queue. It reports whether there may be more.
func (g *grant) due(n int) (more bool, err error) {
	found, err := g.candidates(g.b.w.stmts.claimDue, n, sql.Named("now_us", g.b.wall), sql.Named("root", g.claim.Root))
	if err != nil {
		return false, err
	}
	runs, err := g.b.rows(numbersOf(found))
	if err != nil {
		return false, err
	}
	if err := g.offer(runs); err != nil {
		return false, err
	}
	return len(found) == n && g.woken < maxWoken, nil
}

// free gives runs that no limit holds up. They execute in addition to those that the limits allow.
func (g *grant) free() error {
	found, err := g.candidates(g.b.w.stmts.claimFree, g.left, sql.Named("now_us", g.b.wall), sql.Named("root", g.claim.Root))
	if err != nil {
		return err
	}
	runs, err := g.b.rows(numbersOf(found))
	if err != nil {
		return err
	}
	return g.offer(runs)
}

// named grants the runs that the claim names.
func (g *grant) named() error {
	found, err := g.candidates(g.b.w.stmts.claimNamed, g.left, sql.Named("now_us", g.b.wall),
		sql.Named("ids", jsonList(g.claim.IDs)), sql.Named("statuses", jsonList(g.claim.Statuses)))
	if err != nil {
		return err
	}
	runs, err := g.b.rows(numbersOf(found))
	if err != nil {
		return err
	}
	return g.offer(runs)
}

// branch grants descendants of a run.
func (g *grant) branch() error {
	if err := g.free(); err != nil {
		return err
	}
	for more := true; more && g.left > 0; {
		var err error
		if more, err = g.due(g.left); err != nil {
			return err
		}
	}
	for g.left > 0 {
		n := g.left
		full, empty := closed(g.b.queues, g.b.wall)
		found, err := g.candidates(g.b.w.stmts.claimBranch, n, sql.Named("root", g.claim.Root),
			sql.Named("full", jsonList(full)), sql.Named("empty", jsonList(empty)))
		if err != nil {
			return err
		}
		runs, err := g.b.rows(numbersOf(found))
		if err != nil {
			return err
		}
		if err := g.offer(runs); err != nil || len(runs) < n || g.left == n {
			return err
		}
	}
	return nil
}

// offer gives those of the runs that may execute now; a due one that may not enters its queue.
func (g *grant) offer(runs []Run) error {
	var give []Run
	for i := range runs {
		run := &runs[i]
		q, begun := g.b.queues[run.Queue], run.StartedUS != 0
		switch {
		case g.unbound(run):
		case q != nil && !q.Admits(begun, g.b.wall), !g.first(run):
			if run.Status == "waiting" {
				if err := g.enqueue(run); err != nil {
					return err
				}
			}
			continue
		}
		if q != nil {
			q.take(begun, g.b.wall)
		}
		give = append(give, *run)
	}
	g.left -= len(give)
	return g.give(give)
}

// unbound reports whether no limit holds a run up: its steps are undone, its deadline has passed, or what it waits
// for cannot be read, so that its owner will block it.
func (g *grant) unbound(run *Run) bool {
	_, err := run.Waits()
	return run.Status == "compensating" || run.Ending != "" || g.b.late(run) || err != nil
}

// first reports whether a due run goes before all that are pending in its queue: one that has begun goes before those of
// its priority that have not.
func (g *grant) first(run *Run) bool {
	head, some := g.heads[run.Queue]
	return run.Status != "waiting" || !some || run.StartedUS != 0 && run.Priority >= head
}

// enqueue lets a due run enter its queue.
func (g *grant) enqueue(run *Run) error {
	g.woken++
	wait, err := run.Waits()
	if err != nil {
		return err
	}
	h := History{Kind: "woken", Step: run.Step, Visit: run.Visit, Attempt: run.Attempt, DurationUS: -1,
		Detail: fmt.Sprintf(`{"because":"its time has come","waited":%q}`, wait.Kind)}
	if wait.Else != nil {
		h.Next = wait.Else.Step
	}
	if err := g.b.wake(run, wait.Else, h); err != nil || run.StartedUS != 0 {
		return err
	}
	if err := g.b.rank(run); err != nil || run.Rank == 0 {
		return err
	}
	return g.b.w.exec(g.b.w.stmts.runRank, run.ID, run.Rank)
}

// give makes the worker the owner of runs.
func (g *grant) give(runs []Run) error {
	if len(runs) == 0 {
		return nil
	}
	rows := g.b.w.stmts.claimUpdate.rows()
	var history []History
	for i := range runs {
		if q := g.b.queues[runs[i].Queue]; q != nil {
			q.pass(runs[i].Rank)
		}
		row, audit, err := g.b.own(&runs[i], g.claim.Worker)
		if err != nil {
			return err
		}
		rows, history = append(rows, row...), append(history, audit...)
	}
	given, err := g.b.w.stmts.claimUpdate.exec(rows)
	if err != nil {
		return err
	}
	if given != int64(len(runs)) { // they were read in this transaction
		return fmt.Errorf("claimed %d of %d runs", given, len(runs))
	}
	g.given = append(g.given, runs...)
	return g.b.insertHistory(history)
}

// candidates runs a statement that finds up to n runs.
func (g *grant) candidates(stmt *statement, n int, args ...any) ([]candidate, error) {
	args = append(args, sql.Named("workflows", jsonList(g.claim.Workflows)), sql.Named("limit", n))
	rows, err := stmt.QueryContext(context.Background(), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var found []candidate
	for rows.Next() {
		var c candidate
		if err := rows.Scan(&c.ID, &c.Begun); err != nil {
			return nil, err
		}
		found = append(found, c)
	}
	return found, rows.Err()
}

func numbersOf(found []candidate) []int64 {
	ids := make([]int64, len(found))
	for i, c := range found {
		ids[i] = c.ID
	}
	return ids
}

// rows reads whole runs, in the order of their numbers in ids.
func (b *batch) rows(ids []int64) ([]Run, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := b.w.stmts.claimRows.QueryContext(context.Background(), sql.Named("ids", jsonList(ids)))
	if err != nil {
		return nil, err
	}
	runs, err := scanRuns(rows)
	if err != nil {
		return nil, err
	}
	place := make(map[int64]int, len(ids))
	for i, id := range ids {
		place[id] = i
	}
	slices.SortFunc(runs, func(a, b Run) int { return place[a.ID] - place[b.ID] })
	return runs, nil
}
