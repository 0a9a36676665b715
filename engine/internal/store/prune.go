package store

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"
	"time"

	queries "github.com/durable-wf/wf/sql"
)

const (
	prunePage  = 5000 // runs looked up at a time
	pruneGroup = 5000 // rows that are looked up, or archived, at a time, unless a single run has more
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

	Bytes int64 // by which the database file has become, or will soon become, smaller
}

func (p *PruneResult) add(q PruneResult) {
	p.Runs += q.Runs
	p.History += q.History
	p.Checkpoints += q.Checkpoints
	p.Calls += q.Calls
	p.Metrics += q.Metrics
	p.Keys += q.Keys
	p.Workers += q.Workers
	p.Bytes += q.Bytes
}

// Prune deletes runs that have ended with all their rows, and leaves of each its UUID, number of
// history rows and newest hash (see Pruned). It does so in transactions that take little longer than a commit, between which
// others have their turn, and gives the space back. After a crash or an error each run is there completely or gone
// completely, and what is counted is gone, but for rows of a history that are left then: they are deleted by the next process
// that opens the file.
func (s *Store) Prune(ctx context.Context, r Retention) (PruneResult, error) {
	d := &deletion{sweeper: sweeper{store: s}}
	total, err := s.retire(ctx, &r, d.delete)
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
	Kin     bool   `db:"kin"`     // it has a parent or children
	More    bool   `db:"more"`    // it has rows in other tables

	history     []int64 // of a long one only if it is to be copied
	checkpoints []int64
}

// month is the month of completion, which names the archive file.
func (d *doomed) month() string { return time.UnixMicro(d.EndedUS).UTC().Format("2006-01") }

// events is how many rows of the history are there.
func (d *doomed) events() int64 {
	if d.First == 0 {
		return 0
	}
	return d.Seq
}

// rows is how many rows go with the run.
func (d *doomed) rows() int64 { return 1 + d.events() + int64(len(d.checkpoints)) + d.Metrics }

// weight is how many rows of the history take as long as what goes in one transaction with the run.
func (d *doomed) weight() int {
	weight := paceRun + len(d.checkpoints)
	if !d.long() {
		weight += int(d.Metrics)
	}
	return weight
}

// left reports whether some of it is left when the run is gone, to be deleted later.
func (d *doomed) left() bool { return d.events() > 0 || d.long() }

// long reports whether the run has more rows than one transaction should delete.
func (d *doomed) long() bool { return d.events() > longHistory || d.Metrics > longHistory }

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

// groupSize returns how many of the first runs are dealt with together.
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
		c.History += runs[i].events()
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
	return page, findCheckpoints(page)
}

// ids is jsonList for ids of which there may be none, which is not "all".
func ids(list []int64) any {
	if len(list) == 0 {
		return "[]"
	}
	return jsonList(list)
}
