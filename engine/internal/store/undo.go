package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	queries "github.com/durable-wf/wf/sql"
)

// shownVisits is how many visits the history names when a run begins to undo its steps.
const shownVisits = 100

// UndoFilter selects the visits of a run that can be undone. The zero value selects all.
type UndoFilter struct {
	Open   bool  // only those still to be undone
	Before int64 // only visits before this one, to get the next page; 0 for no bound
	Limit  int   // rows of a page; 0 for 1,000, which is also the most
}

// Undos returns a page of the visits of a run that can be undone, newest first: the order in which that
// happens.
func (s *Store) Undos(ctx context.Context, run int64, f UndoFilter) ([]Undo, error) {
	before := f.Before
	if before == 0 {
		before = math.MaxInt64
	}
	return list[Undo](ctx, s, fmt.Sprintf("undos of run %d", run), queries.UndoList,
		sql.Named("run", run), sql.Named("open", f.Open), sql.Named("before", before), sql.Named("limit", pageLimit(f.Limit)))
}

// UndoCount is how many visits of a run are still to be undone, and how many there were.
type UndoCount struct {
	Open  int64 `db:"open"`
	Total int64 `db:"total"`
}

// UndosLeft counts the visits of a run that can be undone.
func (s *Store) UndosLeft(ctx context.Context, run int64) (UndoCount, error) {
	return get[UndoCount](ctx, s, fmt.Sprintf("undos of run %d", run), queries.UndoLeft, sql.Named("run", run))
}

// EnsureUndo writes that a visit of a running run has to be undone if the run fails, before its first
// attempt begins. It returns ErrGuard if the run has another owner than the one of that epoch.
func (tx *Tx) EnsureUndo(run, epoch, visit int64, step string) error {
	n, err := tx.exec(queries.UndoEnsure, run, epoch, visit, step)
	if err == nil && n == 0 {
		return ErrGuard
	}
	return err
}

// OpenUndo returns the visit of a run that is to be undone next. The bool is false if there is none.
func (tx *Tx) OpenUndo(run int64) (u Undo, ok bool, err error) {
	rows, err := tx.query(queries.UndoList,
		sql.Named("run", run), sql.Named("open", true), sql.Named("before", int64(math.MaxInt64)), sql.Named("limit", 1))
	if err != nil {
		return u, false, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		ok = true
		if err := rows.Scan(&u.Visit, &u.Step, &u.State, &u.Attempts, &u.Failures, &u.Error, &u.Reason); err != nil {
			return u, false, err
		}
	}
	return u, ok, rows.Err()
}

// SkipUndos notes of all visits that a run has still to undo that a person has done so, or will. It
// returns how many there were.
func (tx *Tx) SkipUndos(run int64, reason string) (int64, error) {
	return tx.exec(queries.UndoSkip, run, reason)
}

// fails reports whether a change is to end its run badly.
func (c *Change) fails() bool { return c.Row.Status == "failed" || c.Row.Status == "cancelled" }

// undoFirst keeps a change from ending its run badly as long as there is anything to undo: the run then
// undoes that, newest first, and ends after it as it was to. Only the rows decide, so that any process may
// end a run, whether or not it knows the workflow.
func (b *batch) undoFirst(c *Change) error {
	if !c.fails() || b.at(c.Lease).status == "compensating" {
		return nil
	}
	rows, err := b.w.stmts.undoOpen.QueryContext(context.Background(), c.Row.ID, c.Row.Visit, c.Row.Attempt)
	if err != nil {
		return err
	}
	visits, err := scanIDs(rows)
	if err != nil || len(visits) == 0 {
		return err
	}
	row := &c.Row
	if row.Status == "cancelled" {
		row.Error = row.Reason
	}
	row.Status, row.Ending, row.Reason = "compensating", row.Status, "" // the cause stays in Error
	row.Owner, row.Wait, row.DueUS, row.Deaths = 0, "", 0, 0
	c.History = slices.Clone(c.History)
	last := &c.History[len(c.History)-1]
	last.Kind, last.Detail = row.Status, undoDetail(last.Detail, row.Ending, visits)
	return nil
}

// undoDetail adds to a history row's detail how the run is to end, and what it undoes before that.
func undoDetail(detail, ending string, visits []int64) string {
	said := struct {
		Ending string  `json:"ending"`
		Visits []int64 `json:"visits"`
		More   bool    `json:"more,omitempty"`
	}{ending, visits[:min(len(visits), shownVisits)], len(visits) > shownVisits}
	text, err := json.Marshal(said)
	if err != nil { // strings and integers always marshal
		return detail
	}
	if before, ok := strings.CutSuffix(detail, "}"); ok {
		return before + "," + string(text[1:])
	}
	return string(text)
}

// failing reports whether the move makes a run undo its steps or end badly. What had not begun by then
// is not undone.
func (m *move) failing() bool {
	bad := m.to.status == "failed" || m.to.status == "cancelled" || m.to.status == "compensating"
	return bad && m.from.status != "compensating"
}

// forgetsAll reports whether nobody will read the recorded calls of the run any more. One that has failed
// without anything to undo may be retried where it failed.
func forgetsAll(from, to string) bool {
	return to == "completed" || to == "cancelled" || to == "failed" && from == "compensating"
}

// settleUndos deletes the undos that the move makes obsolete.
func (b *batch) settleUndos(m *move) error {
	switch {
	case m.to.status == "completed" && m.from.undos:
		m.to.undos = false
		return b.w.exec(b.w.stmts.undoForget, m.lease.Run)
	case m.failing() && m.row.Attempt == 0:
		return b.w.exec(b.w.stmts.undoDrop, m.lease.Run, m.row.Visit)
	}
	return nil
}

// appendUndos appends the parameters of undo_put.sql.
func appendUndos(args []any, run int64, undos []Undo) []any {
	for _, u := range undos {
		args = append(args, run, u.Visit, u.Step, u.State, u.Attempts, u.Failures, nullText(u.Error), nullText(u.Reason))
	}
	return args
}

// putUndos writes the undos of the moves that have hit. It comes before anything is deleted, since the
// recorded calls of a visit stay as long as it may have to be undone.
func (b *batch) putUndos(moves []*move) error {
	var rows []any
	for _, m := range moves {
		if m.found {
			rows = appendUndos(rows, m.lease.Run, m.undos)
		}
	}
	_, err := b.w.stmts.undoPut.exec(rows)
	return err
}
