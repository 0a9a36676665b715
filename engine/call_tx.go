package engine

import (
	"context"
)

// DoTx is a recorded call to the user's own tables in the same file: what fn writes through tx and the
// record of its result are committed together, so that it happens exactly once, whatever dies when. A later
// attempt of the same step visit gets the recorded value. It is found, counted and stopped as a call of Do.
//
// An error or panic of fn undoes what it wrote, is not recorded, and is returned. fn may run again if its
// transaction has to be repeated; what it did before is undone then. It runs in another goroutine while
// DoTx waits, and must not use the step's Context; its ctx gives the [CallKey]. See [Tx] for what it may do.
func DoTx[T any](ctx *Context, name string, fn func(ctx context.Context, tx Tx) (T, error)) (T, error) {
	var zero, v T
	c, err := openCall(ctx, name)
	if err != nil {
		return zero, err
	}
	defer c.close()
	if v, ok, err := recorded[T](c); ok || err != nil {
		return v, err
	}
	err = c.commit(Record{
		Name: c.name, N: c.n, Random: c.randomState(), Took: -1,
		Tx: func(ctx context.Context, tx Tx) (value Payload, err error) {
			if v, err = fn(c.context(ctx), tx); err != nil {
				return value, err
			}
			return c.encodeResult(v)
		},
	})
	if err != nil {
		return zero, err // not v, which an fn that took too long may still be writing
	}
	return v, nil
}
