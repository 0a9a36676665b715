package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	sqlite3 "modernc.org/sqlite/lib"
)

// errTxOver is what a UserTx returns when its time is over.
var errTxOver = errors.New("transaction is over")

// UserTx is the writer's transaction as user SQL sees it. It has no Commit and no Rollback: it is
// committed with the request that it belongs to, or not at all. It may read every table and write to
// all but those named wf_*. It is valid during the call only; a call after that returns an error.
//
// Its methods may be called by several goroutines; they take turns.
type UserTx struct {
	ctx context.Context
	w   *writer
	b   *batch

	mu     sync.Mutex // held during each statement; guards what follows
	over   bool
	lost   error // the statement's error with which SQLite rolled back the transaction
	spoilt error // of a write of our own that may be half done: the transaction cannot succeed
	broken error // of a statement, which lies with the disk: it is no fault of the user's
	wakes  bool  // a run was created or has got a signal
	value  value
}

// value is what a recorded call made in the transaction has returned.
type value struct {
	payload  Payload
	checksum uint32
}

// Context returns the context of the transaction. It is cancelled when the time for user SQL is over,
// and marks calls of the store that would wait for this very transaction: they return ErrInTx.
func (u *UserTx) Context() context.Context { return u.ctx }

type txKey struct{}

// InTx reports whether ctx comes from a UserTx: the store must not be called with it, since it would wait for itself.
func InTx(ctx context.Context) bool { return ctx.Value(txKey{}) != nil }

// ExecContext runs statements that return no rows. The statement ends with the transaction's time,
// not with ctx: to interrupt a write would undo the whole transaction, other requests' writes included.
func (u *UserTx) ExecContext(_ context.Context, query string, args ...any) (res sql.Result, err error) {
	err = u.do(func() (err error) { res, err = u.w.conn.ExecContext(u.ctx, query, args...); return err })
	return res, err
}

// QueryContext runs a query. Rows left open are closed with the transaction. ctx is treated as by ExecContext.
func (u *UserTx) QueryContext(_ context.Context, query string, args ...any) (rows *sql.Rows, err error) {
	err = u.do(func() (err error) { rows, err = u.w.conn.QueryContext(u.ctx, query, args...); return err })
	return rows, err
}

// QueryRowContext runs a query of at most one row; the error is the row's. ctx is treated as by ExecContext.
func (u *UserTx) QueryRowContext(_ context.Context, query string, args ...any) (row *sql.Row) {
	if u.do(func() error { row = u.w.conn.QueryRowContext(u.ctx, query, args...); return row.Err() }) != nil && row == nil {
		over, cancel := context.WithCancelCause(u.ctx)
		cancel(errTxOver)
		row = u.w.conn.QueryRowContext(over, query, args...) // not run: it only carries the error
	}
	return row
}

// GetContext scans one row into dest, as sqlx.Get does. ctx is treated as by ExecContext.
func (u *UserTx) GetContext(_ context.Context, dest any, query string, args ...any) error {
	return u.do(func() error { return u.w.conn.GetContext(u.ctx, dest, query, args...) })
}

// SelectContext scans all rows into the slice that dest points to, as sqlx.Select does. ctx is treated as by ExecContext.
func (u *UserTx) SelectContext(_ context.Context, dest any, query string, args ...any) error {
	return u.do(func() error { return u.w.conn.SelectContext(u.ctx, dest, query, args...) })
}

// do runs one statement. Some errors make SQLite roll back the whole transaction; the next statement
// would then be committed on its own, so there is none.
func (u *UserTx) do(statement func() error) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.over {
		return errTxOver
	}
	err := statement()
	u.examine(err)
	return denied(err)
}

// examine looks at what the error of a statement means for the transaction.
func (u *UserTx) examine(err error) {
	if isCode(err, sqlite3.SQLITE_FULL) || isCode(err, sqlite3.SQLITE_IOERR) {
		u.broken = err
	}
	if err != nil && !u.w.inTransaction() {
		u.over, u.lost = true, err
	}
}

// inTransaction reports whether a transaction is open, by trying to begin another: that is an error
// if there is one. It is asked during user SQL, after an error.
func (w *writer) inTransaction() bool {
	w.user.Store(false)
	defer w.user.Store(true)
	if err := w.exec(w.stmts.begin); err != nil {
		return true
	}
	return w.exec(w.stmts.rollback) != nil
}
