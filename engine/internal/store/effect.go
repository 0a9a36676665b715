package store

import (
	"errors"
	"slices"
)

// EffectError says that a change was not committed because of what its caller wanted done beside the
// run's own row: the user's SQL, a child or a message. It is no fault of the file: the lease is as it was,
// and the caller may try another change.
type EffectError struct{ Err error }

func (e *EffectError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *EffectError) Unwrap() error { return e.Err }

func isEffect(err error) bool {
	_, ok := errors.AsType[*EffectError](err)
	return ok
}

// effect runs the user's SQL of a change whose row is written, and inserts the recorded call whose value
// it has made.
func (b *batch) effect(c *Change) error {
	c.Wakes = false
	if c.Effect == nil {
		return nil
	}
	u, err := b.user(c.Effect, nil)
	switch {
	case err == nil:
	case u.broken != nil:
		return err
	default:
		return &EffectError{err}
	}
	c.Wakes = u.wakes
	calls := slices.Clone(c.Calls)
	for i := range calls {
		calls[i].Value, calls[i].Checksum = u.value.payload, u.value.checksum
	}
	_, err = b.w.stmts.callInsert.exec(b.appendCalls(nil, &move{lease: c.Lease, calls: calls}))
	return err
}
