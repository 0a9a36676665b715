package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	queries "github.com/durable-wf/wf/sql"
)

// rowCounts are how many rows a multi-row statement is prepared for; any number is a sum of these.
var rowCounts = [...]int{50, 16, 4, 1}

// multi is a statement with one VALUES group per row, kept prepared for several row counts.
type multi struct {
	stmts [len(rowCounts)]*sql.Stmt
	width int // parameters per row
}

// statements are the writer's prepared statements. They are prepared once: planning costs more than
// running.
type statements struct {
	begin, commit, rollback, heads                 *sql.Stmt
	savepoint, savepointRollback, savepointRelease *sql.Stmt
	checkpoint                                     *sql.Stmt
	runGet, runUnlink                              *sql.Stmt
	claimPending, claimNamed                       *sql.Stmt
	keyInsert, keyGet, keyEnd                      *sql.Stmt
	callForget, copyDelete, historyForget          *sql.Stmt
	workerUUID                                     *sql.Stmt

	runInsert, claimUpdate, changeUpdate, changeUpdateState, historyInsert, callInsert, copyInsert multi
}

func prepare(ctx context.Context, conn *sql.Conn) (*statements, error) {
	st := &statements{}
	var errs []error
	for _, p := range []struct {
		to   **sql.Stmt
		text string
	}{
		{&st.begin, queries.BatchBegin}, {&st.commit, queries.BatchCommit}, {&st.rollback, queries.BatchRollback},
		{&st.heads, queries.BatchHeads}, {&st.savepoint, queries.SavepointBegin},
		{&st.savepointRollback, queries.SavepointRollback}, {&st.savepointRelease, queries.SavepointRelease},
		{&st.checkpoint, queries.WALCheckpoint}, {&st.runGet, queries.RunGet}, {&st.runUnlink, queries.RunUnlink},
		{&st.claimPending, queries.ClaimPending}, {&st.claimNamed, queries.ClaimNamed},
		{&st.keyInsert, queries.KeyInsert}, {&st.keyGet, queries.KeyGet}, {&st.keyEnd, queries.KeyEnd},
		{&st.callForget, queries.CallForget}, {&st.copyDelete, queries.CopyDelete},
		{&st.historyForget, queries.HistoryForget}, {&st.workerUUID, queries.WorkerUUID},
	} {
		var err error
		*p.to, err = conn.PrepareContext(ctx, p.text)
		errs = append(errs, err)
	}
	for _, p := range []struct {
		to   *multi
		text string
	}{
		{&st.runInsert, queries.RunInsert}, {&st.claimUpdate, queries.ClaimUpdate},
		{&st.changeUpdate, queries.ChangeUpdate}, {&st.changeUpdateState, queries.ChangeUpdateState},
		{&st.historyInsert, queries.HistoryInsert}, {&st.callInsert, queries.CallInsert}, {&st.copyInsert, queries.CopyInsert},
	} {
		errs = append(errs, p.to.prepare(ctx, conn, p.text))
	}
	return st, errors.Join(errs...)
}

func (m *multi) prepare(ctx context.Context, conn *sql.Conn, text string) error {
	before, group, after, err := splitValues(text)
	if err != nil {
		return err
	}
	m.width = strings.Count(group, "?")
	for i, n := range rowCounts {
		rows := strings.Repeat(group+", ", n-1) + group
		if m.stmts[i], err = conn.PrepareContext(ctx, before+rows+after); err != nil {
			return err
		}
	}
	return nil
}

// splitValues finds the group in parentheses that follows the last VALUES in text.
func splitValues(text string) (before, group, after string, err error) {
	values := strings.LastIndex(text, "VALUES")
	if values < 0 {
		return "", "", "", fmt.Errorf("statement has no VALUES: %s", text)
	}
	open := values + strings.IndexByte(text[values:], '(')
	end := open + strings.IndexByte(text[open:], ')') + 1
	return text[:open], text[open:end], text[end:], nil
}

// exec runs the statement for all rows in args.
func (m *multi) exec(ctx context.Context, args []any) error {
	return m.chunks(args, func(stmt *sql.Stmt, args []any) error {
		_, err := stmt.ExecContext(ctx, args...)
		return err
	})
}

// query runs the statement for all rows in args and calls each for every row returned.
func (m *multi) query(ctx context.Context, args []any, each func(*sql.Rows) error) error {
	return m.chunks(args, func(stmt *sql.Stmt, args []any) error {
		rows, err := stmt.QueryContext(ctx, args...)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // rows.Err tells
		for rows.Next() {
			if err := each(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

func (m *multi) chunks(args []any, run func(*sql.Stmt, []any) error) error {
	for i, n := range rowCounts {
		for size := n * m.width; len(args) >= size; args = args[size:] {
			if len(args) == 0 {
				return nil
			}
			if err := run(m.stmts[i], args[:size]); err != nil {
				return err
			}
		}
	}
	return nil
}
