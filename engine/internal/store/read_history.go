package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"

	queries "github.com/durable-wf/wf/sql"
)

const (
	scanRows  = 20_000 // ids that one statement of a scan looks at: a short transaction, even if few rows match
	walkRatio = 5      // a run is walked if its rows are rarer than this among those that a scan would read
)

// ErrCorrupt says that the database contradicts itself: what is missing was not deleted by us.
var ErrCorrupt = errors.New("database is damaged")

// HistoryFilter selects rows of the history. The zero value selects all; each field that is set
// narrows it.
type HistoryFilter struct {
	Run          int64
	Workflows    []string
	Statuses     []string // that their runs have now
	Kinds        []string
	Step         string
	SinceUS      int64 // at this time or later
	UntilUS      int64 // before this time; 0 for no bound
	FailuresOnly bool  // only rows that carry an error
	AfterID      int64 // rows with a higher id, to get the next page
	Limit        int   // rows of a page; 0 for 1,000, which is also the most
}

// HistoryRow is a row of the history with what it refers to. What is gone is "" and 0.
type HistoryRow struct {
	History
	RunUUID    string `db:"run_uuid"`
	Workflow   string `db:"workflow"`
	RunStatus  string `db:"run_status"`
	WorkerUUID string `db:"worker_uuid"`
	Host       string `db:"host"`
	PID        int64  `db:"pid"`
	Program    string `db:"program"`
	Version    string `db:"version"` // of the program
}

// History returns a page of the history, oldest first. The next page begins after the id of the last
// row; a page with fewer rows than asked for is the last. To read much of a long run, HistoryPages is
// faster. It returns ErrNotFound if f.Run is unknown and ErrCorrupt if its history has a gap.
func (s *Store) History(ctx context.Context, f HistoryFilter) ([]HistoryRow, error) {
	pages, err := s.newHistoryPager(ctx, &f)
	if err != nil {
		return nil, err
	}
	return pages.next(ctx)
}

// HistoryPages returns the history page by page, each full but for the last, oldest first. No
// transaction is open while the caller works on a page, so a page shows what was committed when it
// was read. An error is the last thing that it yields.
func (s *Store) HistoryPages(ctx context.Context, f HistoryFilter) iter.Seq2[[]HistoryRow, error] {
	return func(yield func([]HistoryRow, error) bool) {
		pages, err := s.newHistoryPager(ctx, &f)
		for err == nil {
			var rows []HistoryRow
			if rows, err = pages.next(ctx); err != nil || len(rows) == 0 {
				break
			}
			if !yield(rows, nil) || len(rows) < pages.limit {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// historyPager reads one page after the other.
type historyPager struct {
	store       *Store
	filter      *HistoryFilter
	limit       int
	after, last int64   // ids that are left: after < id <= last
	ids         []int64 // of the rows that are left, if walked is set
	walked      bool
}

func (s *Store) newHistoryPager(ctx context.Context, f *HistoryFilter) (*historyPager, error) {
	p := &historyPager{store: s, filter: f, limit: pageLimit(f.Limit), after: f.AfterID}
	span, err := s.historySpan(ctx, f.Run)
	if err != nil {
		return nil, err
	}
	if span.First == 0 { // there is none, or none any more
		return p, nil
	}
	p.after, p.last = max(p.after, span.First-1), span.Head
	if err := p.narrow(ctx, span); err != nil {
		return nil, err
	}
	p.walked = f.Run != 0 && span.Head-span.First >= walkRatio*span.Rows
	if p.walked {
		p.ids, err = s.walk(ctx, f.Run, span.First, span.Head, p.after)
	}
	return p, err
}

// idSpan is where a run's history, all history or all runs lie; First is 0 if there is none.
type idSpan struct {
	First int64 `db:"first"`
	Head  int64 `db:"head"`
	Rows  int64 `db:"rows"`
}

func (s *Store) historySpan(ctx context.Context, run int64) (idSpan, error) {
	if run == 0 {
		return get[idSpan](ctx, s, "history", queries.HistoryBounds)
	}
	return get[idSpan](ctx, s, fmt.Sprintf("run %d", run), queries.HistorySpan, sql.Named("run", run))
}

// narrow turns the bounds in time into bounds of ids, since ids follow time: rows are numbered and
// stamped by the one writer. Only an archive that had to renumber rows says that its do not.
func (p *historyPager) narrow(ctx context.Context, span idSpan) error {
	if p.filter.SinceUS == 0 && p.filter.UntilUS == 0 {
		return nil
	}
	renumbered, err := get[bool](ctx, p.store, "history", queries.HistoryOrdered)
	if err != nil || renumbered {
		return err
	}
	if p.filter.SinceUS != 0 {
		first, err := p.store.firstAt(ctx, queries.HistoryProbe, p.filter.SinceUS, span)
		if err != nil {
			return err
		}
		p.after = max(p.after, first-1)
	}
	if p.filter.UntilUS != 0 {
		end, err := p.store.firstAt(ctx, queries.HistoryProbe, p.filter.UntilUS, span)
		if err != nil {
			return err
		}
		p.last = min(p.last, end-1)
	}
	return nil
}

// firstAt finds the lowest id within span of a row at or after a time, Head+1 if there is none. query probes.
func (s *Store) firstAt(ctx context.Context, query string, timeUS int64, span idSpan) (int64, error) {
	type probe struct {
		ID     int64 `db:"id"`
		TimeUS int64 `db:"time_us"`
	}
	low, high := span.First, span.Head+1 // rows below low are too early, that at high is not
	for low < high {
		mid := low + (high-low)/2
		row, err := get[probe](ctx, s, "rows by time", query, sql.Named("id", mid))
		switch {
		case errors.Is(err, ErrNotFound), err == nil && (row.ID >= high || row.TimeUS >= timeUS):
			high = mid
		case err != nil:
			return 0, err
		default:
			low = row.ID + 1
		}
	}
	return low, nil
}

// walk returns the ids after a row of one run's history, oldest first. It follows the rows back from the
// newest, and reads nothing of other runs.
func (s *Store) walk(ctx context.Context, run, first, head, after int64) ([]int64, error) {
	type link struct {
		ID   int64 `db:"id"`
		Prev int64 `db:"prev"`
		Run  int64 `db:"run"`
	}
	var ids []int64
	for next := head; next > after; {
		links, err := list[link](ctx, s, fmt.Sprintf("history of run %d", run), queries.HistoryWalk,
			sql.Named("head", next), sql.Named("after", after), sql.Named("limit", pageRows))
		if err != nil {
			return nil, err
		}
		for _, l := range links {
			if l.ID != next || l.Run != run || l.Prev >= l.ID || (l.Prev == 0) != (l.ID == first) {
				return nil, fmt.Errorf("run %d: history row %d: %w: it does not follow from the one before", run, l.ID, ErrCorrupt)
			}
			ids = append(ids, l.ID)
			next = l.Prev
		}
		if len(links) == 0 {
			return nil, s.gap(ctx, run, next)
		}
	}
	slices.Reverse(ids)
	return ids, nil
}

// gap says why a history row is missing: because its run is gone by now, or because of damage.
func (s *Store) gap(ctx context.Context, run, row int64) error {
	span, err := s.historySpan(ctx, run)
	if err != nil {
		return err
	}
	if span.First == 0 {
		return nil
	}
	return fmt.Errorf("run %d: history row %d: %w: it is missing", run, row, ErrCorrupt)
}

// next returns the next page, an empty one at the end.
func (p *historyPager) next(ctx context.Context) ([]HistoryRow, error) {
	var page []HistoryRow
	for p.after < p.last && len(page) < p.limit {
		rows, err := p.read(ctx, p.limit-len(page))
		if err != nil {
			return nil, err
		}
		page = append(page, rows...)
	}
	return page, nil
}

// read returns up to limit rows from the next part of what is left.
func (p *historyPager) read(ctx context.Context, limit int) ([]HistoryRow, error) {
	if p.walked {
		return p.pick(ctx, limit)
	}
	end := min(p.last, p.after+scanRows)
	rows, err := list[HistoryRow](ctx, p.store, "history", queries.HistoryList, append(p.args(),
		sql.Named("run", p.filter.Run), sql.Named("after", p.after), sql.Named("last", end), sql.Named("limit", limit))...)
	if err != nil {
		return nil, err
	}
	p.after = end
	if len(rows) == limit { // there may be more of them in this part
		p.after = rows[limit-1].ID
	}
	return rows, nil
}

// pick is read for a run that was walked.
func (p *historyPager) pick(ctx context.Context, limit int) ([]HistoryRow, error) {
	ids := p.ids[:min(limit, len(p.ids))]
	p.ids = p.ids[len(ids):]
	if len(ids) == 0 {
		p.after = p.last
		return nil, nil
	}
	p.after = ids[len(ids)-1]
	return list[HistoryRow](ctx, p.store, "history", queries.HistoryPick, append(p.args(), sql.Named("ids", jsonList(ids)))...)
}

// args are the filters that the statement applies to each row.
func (p *historyPager) args() []any {
	f := p.filter
	return []any{
		sql.Named("workflows", jsonList(f.Workflows)), sql.Named("statuses", jsonList(f.Statuses)),
		sql.Named("kinds", jsonList(f.Kinds)), sql.Named("step", f.Step), sql.Named("failures_only", f.FailuresOnly),
		sql.Named("since_us", f.SinceUS), sql.Named("until_us", f.UntilUS),
	}
}
