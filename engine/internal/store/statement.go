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

// multi is a statement with one VALUES group per row. It is prepared for each row count at its first
// use, and kept.
type multi struct {
	keep                 *keeper
	before, group, after string // its text; group is one row's
	width                int    // parameters per row
	stmts                [len(rowCounts)]*sql.Stmt
}

// keeper prepares statements on one connection and closes them at the end. database/sql leaves that to
// whoever prepared them, and SQLite keeps a connection with an open statement alive, with its files and
// locks, though it has been closed.
type keeper struct {
	conn  *sql.Conn
	stmts []*sql.Stmt
	texts map[string]*sql.Stmt // those that were prepared at their first use
}

// named returns the statement with a text of package queries, prepared once.
func (k *keeper) named(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt := k.texts[text]; stmt != nil {
		return stmt, nil
	}
	stmt, err := k.prepare(ctx, bare(text))
	if err == nil {
		k.texts[text] = stmt
	}
	return stmt, err
}

func (k *keeper) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	stmt, err := k.conn.PrepareContext(ctx, text)
	if err == nil {
		k.stmts = append(k.stmts, stmt)
	}
	return stmt, err
}

func (k *keeper) close() error {
	var errs []error
	for _, stmt := range k.stmts {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(errs...)
}

// statements are the writer's prepared statements. They are prepared once: planning costs more than
// running.
type statements struct {
	keeper

	begin, commit, rollback, heads                              *sql.Stmt
	savepoint, savepointRollback, savepointRelease              *sql.Stmt
	checkpoint, busyShort, busyLong                             *sql.Stmt
	runGet, runUnlink                                           *sql.Stmt
	claimLanes, claimQueue, claimBegun, claimDue                *sql.Stmt
	claimFree, claimNamed, claimBranch, claimRows               *sql.Stmt
	queueLimits, queuePut, queueRank, runRank                   *sql.Stmt
	keyInsert, keyGet, keyEnd                                   *sql.Stmt
	callForget, copyDelete, copyBad, copyFacts, historyForget   *sql.Stmt
	leftoverUnlink                                              *sql.Stmt
	workerUUID, scheduleWake                                    *sql.Stmt
	attributeDelete, metricNext                                 *sql.Stmt
	runHead, runWant                                            *sql.Stmt
	undoOpen, undoDrop, undoForget                              *sql.Stmt
	signalInsert, signalNext                                    *sql.Stmt
	signalTake, signalSpend, signalForget                       *sql.Stmt
	childHeld, childFlight, childOpen, childLost, childOpenList *sql.Stmt

	runInsert, claimUpdate, changeAdvance, changeUpdate, changeUpdateState, historyInsert, callInsert, copyInsert multi
	attributeSet, metricInsert, undoPut                                                                           multi
}

func prepare(ctx context.Context, conn *sql.Conn) (*statements, error) {
	st := &statements{keeper: keeper{conn: conn, texts: map[string]*sql.Stmt{}}}
	var errs []error
	for _, p := range []struct {
		to   **sql.Stmt
		text string
	}{
		{&st.begin, queries.BatchBegin}, {&st.commit, queries.BatchCommit}, {&st.rollback, queries.BatchRollback},
		{&st.heads, queries.BatchHeads}, {&st.savepoint, queries.SavepointBegin},
		{&st.savepointRollback, queries.SavepointRollback}, {&st.savepointRelease, queries.SavepointRelease},
		{&st.checkpoint, queries.WALCheckpoint}, {&st.busyShort, queries.BusyShort}, {&st.busyLong, queries.BusyLong},
		{&st.runGet, queries.RunGet}, {&st.runUnlink, queries.RunUnlink},
		{&st.claimLanes, queries.ClaimLanes}, {&st.claimQueue, queries.ClaimQueue}, {&st.claimBegun, queries.ClaimBegun},
		{&st.claimDue, queries.ClaimDue}, {&st.claimFree, queries.ClaimFree}, {&st.claimNamed, queries.ClaimNamed},
		{&st.claimBranch, queries.ClaimBranch}, {&st.claimRows, queries.ClaimRows},
		{&st.queueLimits, queries.QueueLimits}, {&st.queuePut, queries.QueuePut}, {&st.queueRank, queries.QueueRank},
		{&st.runRank, queries.RunRank},
		{&st.keyInsert, queries.KeyInsert}, {&st.keyGet, queries.KeyGet}, {&st.keyEnd, queries.KeyEnd},
		{&st.callForget, queries.CallForget}, {&st.copyDelete, queries.CopyDelete}, {&st.copyBad, queries.CopyBad}, {&st.copyFacts, queries.CopyFacts},
		{&st.historyForget, queries.HistoryForget}, {&st.leftoverUnlink, queries.LeftoverUnlink}, {&st.workerUUID, queries.WorkerUUID}, {&st.scheduleWake, queries.ScheduleWake},
		{&st.attributeDelete, queries.AttributeDelete}, {&st.metricNext, queries.MetricNext},
		{&st.runHead, queries.RunHead}, {&st.runWant, queries.RunWant},
		{&st.undoOpen, queries.UndoOpen}, {&st.undoDrop, queries.UndoDrop}, {&st.undoForget, queries.UndoForget},
		{&st.signalInsert, queries.SignalInsert}, {&st.signalNext, queries.SignalNext},
		{&st.signalTake, queries.SignalTake}, {&st.signalSpend, queries.SignalSpend}, {&st.signalForget, queries.SignalForget},
		{&st.childHeld, queries.ChildHeld}, {&st.childFlight, queries.ChildFlight}, {&st.childOpen, queries.ChildOpen}, {&st.childLost, queries.ChildLost},
		{&st.childOpenList, queries.ChildOpenList},
	} {
		var err error
		*p.to, err = st.prepare(ctx, bare(p.text))
		errs = append(errs, err)
	}
	for _, p := range []struct {
		to   *multi
		text string
	}{
		{&st.runInsert, queries.RunInsert}, {&st.claimUpdate, queries.ClaimUpdate},
		{&st.changeAdvance, queries.ChangeAdvance},
		{&st.changeUpdate, queries.ChangeUpdate}, {&st.changeUpdateState, queries.ChangeUpdateState},
		{&st.historyInsert, queries.HistoryInsert}, {&st.callInsert, queries.CallInsert}, {&st.copyInsert, queries.CopyInsert},
		{&st.attributeSet, queries.AttributeSet}, {&st.metricInsert, queries.MetricInsert}, {&st.undoPut, queries.UndoPut},
	} {
		var err error
		*p.to, err = newMulti(&st.keeper, p.text)
		errs = append(errs, err)
	}
	return st, errors.Join(errs...)
}

// bare cuts off what follows the statement. The driver takes anything after the semicolon, be it a
// line end, for a second statement; it does not keep such a text prepared.
func bare(text string) string { return strings.TrimRight(text, "; \n") }

// stmt returns the statement for rowCounts[i] rows.
func (m *multi) stmt(ctx context.Context, i int) (stmt *sql.Stmt, err error) {
	if m.stmts[i] == nil {
		rows := strings.Repeat(m.group+", ", rowCounts[i]-1) + m.group
		m.stmts[i], err = m.keep.prepare(ctx, m.before+rows+m.after)
	}
	return m.stmts[i], err
}

// newMulti finds the row's group: the parentheses that follow the last VALUES in text.
func newMulti(keep *keeper, text string) (multi, error) {
	text = bare(text)
	values := strings.LastIndex(text, "VALUES")
	if values < 0 {
		return multi{}, fmt.Errorf("statement has no VALUES: %s", text)
	}
	open := values + strings.IndexByte(text[values:], '(')
	end := open + strings.IndexByte(text[open:], ')') + 1
	group := text[open:end]
	return multi{keep: keep, before: text[:open], group: group, after: text[end:], width: strings.Count(group, "?")}, nil
}

// exec runs the statement for all rows in args.
func (m *multi) exec(ctx context.Context, args []any) error {
	return m.chunks(ctx, args, func(stmt *sql.Stmt, args []any) error {
		_, err := stmt.ExecContext(ctx, args...)
		return err
	})
}

// query runs the statement for all rows in args and calls each for every row returned.
func (m *multi) query(ctx context.Context, args []any, each func(*sql.Rows) error) error {
	return m.chunks(ctx, args, func(stmt *sql.Stmt, args []any) error {
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

func (m *multi) chunks(ctx context.Context, args []any, run func(*sql.Stmt, []any) error) error {
	for i, n := range rowCounts {
		for size := n * m.width; len(args) >= size; args = args[size:] {
			stmt, err := m.stmt(ctx, i)
			if err != nil {
				return err
			}
			if err := run(stmt, args[:size]); err != nil {
				return err
			}
		}
	}
	return nil
}
