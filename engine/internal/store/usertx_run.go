package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

const (
	userSlow  = time.Second     // user SQL that takes longer is logged
	userLimit = 5 * time.Second // and interrupted when it takes as long as this
)

// errTooLong says that user SQL was interrupted. It is not tried again: that would take as long.
var errTooLong = fmt.Errorf("user SQL took longer than %v and was interrupted", userLimit)

// user runs the user's function. The writer waits for it, but no longer than the limit: then its
// statement is interrupted and nothing it does counts. Setup alone has no limit but its caller's ctx.
func (b *batch) user(fn func(*UserTx) error, setup context.Context) (*UserTx, error) {
	w := b.w
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), txKey{}, true))
	u := &UserTx{ctx: ctx, w: w, b: b}
	w.user.Store(true)
	outcome := make(chan error, 1)
	go func() { // ends with fn, which may outlive the transaction
		err := errors.New("user SQL ended its goroutine")
		defer func() { outcome <- err }()
		err = call(fn, u)
	}()
	err := w.waitUser(outcome, setup)
	u.end(cancel)
	w.user.Store(false)
	err = cmp.Or(err, denied(u.lost), u.spoilt, w.closeRows())
	if err != nil && u.broken != nil {
		err = &Error{Op: "user SQL", Path: w.store.path, Kind: kindOf(u.broken), Err: err}
	}
	return u, err
}

// userRequest runs user SQL that goes with no run.
func (b *batch) userRequest(r *request) error {
	u, err := b.user(r.user, r.setup)
	r.wakes = u.wakes
	return err
}

// waitUser waits for the outcome of user SQL.
func (w *writer) waitUser(outcome <-chan error, setup context.Context) error {
	slow, limit := time.NewTimer(userSlow), time.NewTimer(userLimit)
	defer slow.Stop()
	defer limit.Stop()
	var over <-chan struct{} // never, but for setup
	if setup != nil {
		limit.Stop()
		over = setup.Done()
	}
	for {
		select {
		case err := <-outcome:
			return err
		case <-slow.C:
			w.store.log.Warn("user SQL holds the write lock for long", slog.Duration("limit", userLimit))
		case <-limit.C:
			return errTooLong
		case <-over:
			return context.Cause(setup)
		}
	}
}

// end makes u useless and waits for a statement that is still running; it has been interrupted.
func (u *UserTx) end(cancel context.CancelFunc) {
	cancel()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.over = true
}

// call calls fn and turns a panic into an error.
func call(fn func(*UserTx) error, u *UserTx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	return fn(u)
}
