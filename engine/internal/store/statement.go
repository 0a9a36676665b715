package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	queries "github.com/durable-wf/wf/sql"
)

// statement is a statement of the write connection. It is prepared at its first use and kept, since planning costs
// more than running; most programs need few of them.
type statement struct {
	keep *keeper
	text string
	stmt *sql.Stmt
}

// keeper prepares statements on one connection and closes them at the end. database/sql leaves that to
// whoever prepared them, and SQLite keeps a connection with an open statement alive, with its files and
// locks, though it has been closed.
type keeper struct {
	conn  *sql.Conn
	table *batchTable
	stmts []*sql.Stmt
	texts map[string]*statement // those of named
}

// named returns the statement with a text of package queries.
func (k *keeper) named(text string) *statement {
	stmt := k.texts[text]
	if stmt == nil {
		stmt = &statement{keep: k, text: text}
		k.texts[text] = stmt
	}
	return stmt
}

func (k *keeper) close() error {
	var errs []error
	for _, stmt := range k.stmts {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(errs...)
}

func (s *statement) prepare(ctx context.Context) (err error) {
	if s.stmt != nil {
		return nil
	}
	if s.stmt, err = s.keep.conn.PrepareContext(ctx, bare(s.text)); err != nil {
		return err
	}
	s.keep.stmts = append(s.keep.stmts, s.stmt)
	return nil
}

// ExecContext is that of sql.Stmt.
func (s *statement) ExecContext(ctx context.Context, args ...any) (sql.Result, error) {
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	return s.stmt.ExecContext(ctx, args...)
}

// QueryContext is that of sql.Stmt.
func (s *statement) QueryContext(ctx context.Context, args ...any) (*sql.Rows, error) {
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	return s.stmt.QueryContext(ctx, args...)
}

// QueryRowContext is that of sql.Stmt.
func (s *statement) QueryRowContext(ctx context.Context, args ...any) *sql.Row {
	if s.prepare(ctx) != nil {
		return s.keep.conn.QueryRowContext(ctx, s.text, args...) // it has the same error
	}
	return s.stmt.QueryRowContext(ctx, args...)
}

// statements are the writer's statements.
type statements struct {
	keeper

	begin, commit, rollback, heads                              *statement
	savepoint, savepointRollback, savepointRelease              *statement
	checkpoint, busyShort, busyLong                             *statement
	runGet, runUnlink                                           *statement
	claimLanes, claimCrowd, claimQueue, claimBegun, claimDue    *statement
	claimFree, claimNamed, claimBranch, claimRows               *statement
	queueLimits, queuePut, queueRank, runRank                   *statement
	keyInsert, keyGet, keyEnd                                   *statement
	callForget, copyDelete, copyBad, copyFacts, historyForget   *statement
	leftoverUnlink                                              *statement
	workerUUID, scheduleWake                                    *statement
	attributeDelete, metricNext                                 *statement
	runHead, runWant                                            *statement
	undoOpen, undoDrop, undoForget                              *statement
	signalInsert, signalNext                                    *statement
	signalTake, signalSpend, signalForget                       *statement
	childHeld, childFlight, childOpen, childLost, childOpenList *statement

	runInsert, runInsertEnded, claimUpdate, changeStep, changeAdvance, changeHits, changeUpdate, changeUpdateState multi
	historyInsert, callInsert, copyInsert, attributeSet, metricInsert, undoPut                                     multi
}

func newStatements(conn *sql.Conn, table *batchTable) *statements {
	st := &statements{keeper: keeper{conn: conn, table: table, texts: map[string]*statement{}}}
	for _, p := range []struct {
		to   **statement
		text string
	}{
		{&st.begin, queries.BatchBegin}, {&st.commit, queries.BatchCommit}, {&st.rollback, queries.BatchRollback},
		{&st.heads, queries.BatchHeads}, {&st.savepoint, queries.SavepointBegin},
		{&st.savepointRollback, queries.SavepointRollback}, {&st.savepointRelease, queries.SavepointRelease},
		{&st.checkpoint, queries.WALCheckpoint}, {&st.busyShort, queries.BusyShort}, {&st.busyLong, queries.BusyLong},
		{&st.runGet, queries.RunGet}, {&st.runUnlink, queries.RunUnlink},
		{&st.claimLanes, queries.ClaimLanes}, {&st.claimCrowd, queries.ClaimCrowd}, {&st.claimQueue, queries.ClaimQueue}, {&st.claimBegun, queries.ClaimBegun},
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
		*p.to = &statement{keep: &st.keeper, text: p.text}
	}
	for _, p := range []struct {
		to   *multi
		text string
	}{
		{&st.runInsert, queries.RunInsert}, {&st.runInsertEnded, queries.RunInsertEnded}, {&st.claimUpdate, queries.ClaimUpdate},
		{&st.changeStep, queries.ChangeStep}, {&st.changeAdvance, queries.ChangeAdvance}, {&st.changeHits, queries.ChangeHits},
		{&st.changeUpdate, queries.ChangeUpdate}, {&st.changeUpdateState, queries.ChangeUpdateState},
		{&st.historyInsert, queries.HistoryInsert}, {&st.callInsert, queries.CallInsert}, {&st.copyInsert, queries.CopyInsert},
		{&st.attributeSet, queries.AttributeSet}, {&st.metricInsert, queries.MetricInsert}, {&st.undoPut, queries.UndoPut},
	} {
		p.to.statement = statement{keep: &st.keeper, text: p.text}
	}
	return st
}

// bare cuts off what follows the statement. The driver takes anything after the semicolon, be it a
// line end, for a second statement; it does not keep such a text prepared.
func bare(text string) string { return strings.TrimRight(text, "; \n") }
