package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
	sqlite3 "modernc.org/sqlite/lib"

	queries "github.com/durable-wf/wf/sql"
)

// maxFindings is how many findings of a kind are reported: a thousand tell as much as all.
const maxFindings = 1000

// Finding is something that is wrong with the database.
type Finding struct {
	Kind string // which check found it: "integrity", "orphan", "history", …
	Run  int64  `db:"run"`  // 0 if it is not about a run
	Row  int64  `db:"row"`  // id of a row of the table in question; 0 if there is none
	Text string `db:"text"` // what is wrong, on one line
}

// String returns the finding on one line.
func (f Finding) String() string {
	if f.Run == 0 {
		return f.Kind + ": " + f.Text
	}
	return fmt.Sprintf("%s: run %d: %s", f.Kind, f.Run, f.Text)
}

// checks are statements that return one row per finding; each sees one state of the database.
func checks() []struct{ kind, query string } {
	return []struct{ kind, query string }{
		{"status", queries.CheckStatus},
		{"owner", queries.CheckOwner},
		{"key", queries.CheckKey},
		{"pruned", queries.CheckPruned},
		{"history", queries.CheckHistoryCount},
		{"history", queries.CheckHistoryHead},
		{"history", queries.CheckHistoryLink},
		{"orphan", queries.CheckHistory},
		{"orphan", queries.CheckHistoryWorker},
		{"orphan", queries.CheckCheckpoint},
		{"orphan", queries.CheckCall},
		{"orphan", queries.CheckSignal},
		{"orphan", queries.CheckChild},
		{"orphan", queries.CheckAttribute},
		{"orphan", queries.CheckUndo},
		{"orphan", queries.CheckHook},
		{"metric", queries.CheckMetric},
		{"checkpoint", queries.CheckCheckpointMissing},
		{"checksum", queries.CheckRunSum},
		{"checksum", queries.CheckResult},
		{"checksum", queries.CheckCheckpointSum},
		{"checksum", queries.CheckCallSum},
	}
}

// Check looks for everything that is wrong with the database but for the hashes of the history (see
// Verify) and calls found for each finding, at most 1,000 of a kind: damage to the file, rows that
// belong to nothing, statuses and owners that contradict each other, history with gaps, payloads that
// do not match their checksum, or their file. It may run while others write. What damage keeps it from
// reading is a finding, and it looks for the rest; an error says that it could not look at all.
func (s *Store) Check(ctx context.Context, found func(Finding)) error {
	if err := s.checkIntegrity(ctx, found); err != nil {
		return err
	}
	db, err := s.inspect()
	if err != nil {
		return s.failure("check", err)
	}
	defer db.Close() //nolint:errcheck // it has only read
	for _, c := range checks() {
		if err := s.check(ctx, db, c.kind, c.query, found); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) check(ctx context.Context, db *sqlx.DB, kind, query string, found func(Finding)) error {
	var findings []Finding
	err := db.SelectContext(ctx, &findings, query, sql.Named("limit", maxFindings))
	for _, f := range findings {
		f.Kind = kind
		found(f)
	}
	return s.unread(ctx, Finding{Kind: kind}, "check", err, found)
}

// checkIntegrity lets SQLite look for damage.
func (s *Store) checkIntegrity(ctx context.Context, found func(Finding)) error {
	lines, err := list[string](ctx, s, "integrity", queries.CheckIntegrity)
	for _, line := range lines {
		if line != "ok" {
			found(Finding{Kind: "integrity", Text: line})
		}
	}
	return s.unread(ctx, Finding{Kind: "integrity"}, "check", err, found)
}

// unread makes a finding of an error that damage has caused, with the error as its text. It returns
// the errors that say nothing about the file: nobody could look.
func (s *Store) unread(ctx context.Context, f Finding, op string, err error, found func(Finding)) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil, isOurs(err) && !errors.Is(err, ErrStorage) && !errors.Is(err, ErrNotDatabase), isCode(err, sqlite3.SQLITE_BUSY):
		return s.failure(op, err)
	}
	if own, ok := errors.AsType[*Error](err); ok && own.Err != nil {
		err = own.Err // the file is known
	}
	f.Text = "cannot be read: " + strings.Join(strings.Fields(err.Error()), " ")
	found(f)
	return nil
}
