package engine

import (
	"errors"
	"fmt"

	"github.com/durable-wf/wf/engine/internal/codec"
	"github.com/durable-wf/wf/engine/internal/store"
)

// SendTx is [Signal.Send] in a transaction of the user's: the signal is delivered if, and only if, the
// transaction is committed. tx is one that the engine gave, as for [Name.StartTx]. An error undoes nothing
// that was written in tx before. opts may be nil.
func (s Signal[T]) SendTx(tx Tx, run int64, payload T, opts *SendOptions) error {
	t, ok := tx.(*userTx)
	if !ok {
		return fmt.Errorf("signal %q: SendTx needs the Tx that the engine gave, not a %T", string(s), tx)
	}
	value, err := codec.Encode(codec.JSON, payload)
	if err != nil {
		return fmt.Errorf("signal %q: %w", string(s), err)
	}
	if opts == nil {
		opts = &SendOptions{}
	}
	return t.send(store.Signal{Run: run, Name: string(s), Key: opts.Key, Value: store.Payload(value), Checksum: value.Checksum()})
}

func (t *userTx) send(sig store.Signal) error {
	row, err := t.Head(sig.Run)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("run %d: %w", sig.Run, ErrRunNotFound)
	}
	if err != nil {
		return err
	}
	if err := t.eng.checkSignal(row.Workflow, sig.Name, Payload(sig.Value)); err != nil {
		return err
	}
	sig.Sender = detail("by", t.eng.actor)
	err = t.Deliver(sig)
	if errors.Is(err, store.ErrEnded) {
		return fmt.Errorf("signal %q: run %d takes none any more: %w", sig.Name, sig.Run, ErrRunEnded)
	}
	return err
}
