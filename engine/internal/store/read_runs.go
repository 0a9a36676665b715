package store

import (
	"context"
	"database/sql"
	"math"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/durable-wf/wf/engine/internal/where"
	queries "github.com/durable-wf/wf/sql"
)

// RunFilter selects runs. The zero value selects all; each field that is set narrows it.
type RunFilter struct {
	Workflows []string
	Statuses  []string
	SinceUS   int64 // created at this time or later
	UntilUS   int64 // created before this time; 0 for no bound
	Owner     int64
	Key       string
	AfterID   int64 // runs with a higher id
	BeforeID  int64 // runs with a lower id, to get the next page; 0 for no bound
	Limit     int   // rows of a page; 0 for 1,000, which is also the most
	NoState   bool  // leave out checkpoint and result: nothing that may be large is read

	Where where.Condition // more that must hold
}

// Runs returns a page of runs, newest first. The next page begins before the id of the last run.
func (s *Store) Runs(ctx context.Context, f RunFilter) ([]Run, error) {
	if err := s.narrow(ctx, &f); err != nil {
		return nil, err
	}
	find, err := s.way(ctx, &f)
	if err != nil {
		return nil, err
	}
	rows, err := s.prepared(ctx, queries.RunList)
	if err != nil {
		return nil, s.failure("read runs", err)
	}
	var runs []Run
	err = s.reading(ctx, func(tx *sqlx.Tx) error {
		ids, err := find(tx)
		if err != nil || len(ids) == 0 {
			return err
		}
		runs, err = listIn[Run](ctx, tx, rows, sql.Named("ids", jsonList(ids)), sql.Named("no_state", f.NoState))
		return err
	})
	for i := range runs {
		s.loadRun(&runs[i])
	}
	return runs, s.failure("read runs", err)
}

// reading runs fn in a transaction, so that all that it reads was there at the same time.
func (s *Store) reading(ctx context.Context, fn func(*sqlx.Tx) error) error {
	tx, err := s.read.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // does nothing after Commit
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// listIn reads all rows of a prepared query in a transaction.
func listIn[T any](ctx context.Context, tx *sqlx.Tx, stmt *sqlx.Stmt, args ...any) (rows []T, err error) {
	here := tx.StmtxContext(ctx, stmt)
	defer here.Close() //nolint:errcheck // the statement itself stays as it is
	err = here.SelectContext(ctx, &rows, args...)
	return rows, err
}

// narrow turns the bounds in time into bounds of ids, if ids follow time.
func (s *Store) narrow(ctx context.Context, f *RunFilter) error {
	if f.BeforeID == 0 {
		f.BeforeID = math.MaxInt64
	}
	if f.SinceUS == 0 && f.UntilUS == 0 {
		return nil
	}
	renumbered, err := get[bool](ctx, s, "runs", queries.HistoryOrdered)
	if err != nil || renumbered {
		return err
	}
	span, err := get[idSpan](ctx, s, "runs", queries.RunBounds)
	if err != nil {
		return err
	}
	if f.SinceUS != 0 {
		first, err := s.firstAt(ctx, queries.RunProbe, f.SinceUS, span)
		if err != nil {
			return err
		}
		f.AfterID = max(f.AfterID, first-1)
	}
	if f.UntilUS != 0 {
		end, err := s.firstAt(ctx, queries.RunProbe, f.UntilUS, span)
		if err != nil {
			return err
		}
		f.BeforeID = min(f.BeforeID, end)
	}
	return nil
}

// fewPending is how many pending runs are looked through for a page of runs, rather than all runs.
const fewPending = 10_000

// way is how the runs are found: by way of indexes if completed ones are not asked for, nor pending ones if there are many
// of those, which then are not far. A search may have a better way.
func (s *Store) way(ctx context.Context, f *RunFilter) (func(*sqlx.Tx) ([]int64, error), error) {
	query := queries.RunFindOpen
	switch {
	case f.Where.SQL() != "":
		return func(tx *sqlx.Tx) ([]int64, error) { return search(ctx, tx, f) }, nil
	case len(f.Statuses) == 0, slices.Contains(f.Statuses, "completed"):
		query = queries.RunFind
	case slices.Contains(f.Statuses, "pending"):
		many, err := get[bool](ctx, s, "pending runs", queries.RunPendingMany, sql.Named("most", fewPending))
		if err != nil {
			return nil, err
		}
		if many {
			query = queries.RunFind
		}
	}
	stmt, err := s.prepared(ctx, query) // here, since a transaction has a connection of its own
	if err != nil {
		return nil, s.failure("read runs", err)
	}
	return func(tx *sqlx.Tx) ([]int64, error) { return listIn[int64](ctx, tx, stmt, f.args()...) }, nil
}

// search finds runs with one more condition. Such a statement is not kept prepared: there are as many as there are searches.
func search(ctx context.Context, tx *sqlx.Tx, f *RunFilter) (ids []int64, err error) {
	args := f.args()
	for _, a := range f.Where.Args() {
		args = append(args, sql.Named(a.Name, a.Value))
	}
	err = tx.SelectContext(ctx, &ids, strings.Replace(bare(queries.RunFind), noCondition, f.Where.SQL(), 1), args...)
	return ids, err
}

// noCondition is what stands in run_find.sql where a search has its condition.
const noCondition = "TRUE -- a search has its condition here"

// args are the parameters of the statements that find runs.
func (f *RunFilter) args() []any {
	return []any{
		sql.Named("after", f.AfterID), sql.Named("before", f.BeforeID),
		sql.Named("workflows", jsonList(f.Workflows)), sql.Named("statuses", jsonList(f.Statuses)),
		sql.Named("since_us", f.SinceUS), sql.Named("until_us", f.UntilUS),
		sql.Named("owner", f.Owner), sql.Named("key", f.Key),
		sql.Named("limit", pageLimit(f.Limit)),
	}
}
