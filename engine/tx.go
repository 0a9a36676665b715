package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// Tx is a transaction on the database file, as the user's own SQL sees it: that of a transition (see
// [Transition.Tx]), of a recorded call ([DoTx]), of [Config.Setup], or one of its own ([Engine.Tx]). It may
// read every table of the file and write to all but those named wf_*. It has no Commit and no Rollback: it
// is committed with what it belongs to, or not at all. Transaction control, ATTACH and PRAGMA are refused, but for a
// look at journal_mode and synchronous; foreign keys are not enforced. SQL functions and collations that the program has
// registered with the SQLite driver are not known in it.
//
// It is valid during the call only, and its calls take turns. It sees what has been written in it, and
// else what was committed before it; nobody else sees what it writes before its commit. A statement ends
// with the transaction's time, not with the ctx given to it. It holds the only write lock of the file, so it
// must do nothing but SQL, and that quickly: more than 1 s is logged, more than 5 s is interrupted, and
// fails. A call of the engine with its ctx is ErrInTx; what can be started in it is started by [Name.StartTx].
type Tx interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	GetContext(ctx context.Context, dest any, query string, args ...any) error
	SelectContext(ctx context.Context, dest any, query string, args ...any) error
}

// userTx is the Tx that the engine gives: by it the engine's own functions find their way back.
type userTx struct {
	*store.UserTx
	eng *Engine
}

// TxError is what a [Host] answers if it did not commit a thing because of the user's own SQL in it, which
// has returned an error, panicked or taken too long. Nothing else is wrong: the step may go on.
type TxError struct{ Err error }

func (e *TxError) Error() string { return e.Err.Error() }
func (e *TxError) Unwrap() error { return e.Err }

// Tx runs fn in a transaction of its own: what fn writes to the user's own tables is durable once Tx has
// returned nil, and nothing of it is there after an error. A panic of fn is a *PanicError. It shares its
// commit with whatever else is written at the time, and may be called by any number of goroutines; fn may
// run again if that commit has to be repeated without somebody else, and what it did before is undone
// then. If ctx ends before fn has begun, fn is not run. See [Tx] for what fn may do.
func (e *Engine) Tx(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error {
	wakes, err := e.store.UserTx(ctx, e.inTx(fn))
	e.wakeAfter(wakes)
	return err
}

// setup runs Config.Setup.
func (e *Engine) setup(ctx context.Context) error {
	if e.cfg.Setup == nil || e.cfg.Access != Create {
		return nil
	}
	wakes, err := e.store.Setup(ctx, e.inTx(e.cfg.Setup))
	e.wakeAfter(wakes)
	if err != nil {
		return fmt.Errorf("%s: config: Setup: %w", e.Path(), err)
	}
	return nil
}

// inTx adapts the user's function to the store.
func (e *Engine) inTx(fn func(context.Context, Tx) error) func(*store.UserTx) error {
	return func(u *store.UserTx) (err error) {
		defer caught(&err)
		return fn(u.Context(), &userTx{u, e})
	}
}

// effect makes the effect of a transition's change; nil if it has none.
func (x *execution) effect(of func(context.Context, Tx) error) func(*store.UserTx) error {
	if of == nil {
		return nil
	}
	return x.eng.inTx(func(ctx context.Context, tx Tx) error {
		if err := of(ctx, tx); err != nil {
			return fmt.Errorf("tx: %w", err)
		}
		return nil
	})
}

// recording makes the effect of a recorded call that is made in its transaction.
func (x *execution) recording(call func(context.Context, Tx) (Payload, error)) func(*store.UserTx) error {
	return func(u *store.UserTx) (err error) {
		defer caught(&err)
		value, err := call(u.Context(), &userTx{u, x.eng})
		if err != nil {
			return err
		}
		return u.SetValue(store.Payload(value), value.Checksum())
	}
}

// wakeAfter wakes the workers after a commit in which user SQL has started a run or sent a signal.
func (e *Engine) wakeAfter(wakes bool) {
	if wakes {
		e.enqueued()
	}
}

// orFail takes err, with which a transition was not committed, for a failure of the attempt, if it lies
// with what the step wanted committed: its SQL, a child or a message.
func (x *execution) orFail(ctx context.Context, err error, took time.Duration) error {
	if failed, ok := errors.AsType[*TxError](err); ok {
		return x.fail(ctx, &Outcome{Err: failed.Err}, took)
	}
	return err
}
