package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// maxSignal is how large the payload of a signal may be. What is larger belongs into a file or a table,
// and its name into the signal.
const maxSignal = 1 << 20

// Signal sends a signal by name, with its payload as JSON (empty means null): [Signal.Send] for those
// who do not have the type at hand. A program that does not know the run's workflow cannot check name and
// payload; it sends what it is given.
func (e *Engine) Signal(ctx context.Context, run int64, name string, payload json.RawMessage, opts *SendOptions) error {
	if opts == nil {
		opts = &SendOptions{}
	}
	if len(bytes.TrimSpace(payload)) == 0 {
		payload = json.RawMessage("null")
	}
	row, err := e.glance(ctx, run)
	if err != nil {
		return err
	}
	if Status(row.Status).Ended() {
		return e.tooLate(run, name)
	}
	sig, err := e.signalTo(&row, name, Payload{Codec: string(JSON), Data: payload}, opts.Key)
	if err != nil {
		return err
	}
	sig.Sender = detail("by", e.actor)
	err = e.store.Update(ctx, func(tx *store.Tx) error { return tx.Deliver(sig) })
	switch {
	case errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("run %d: %w", run, ErrRunNotFound)
	case errors.Is(err, store.ErrEnded):
		return e.tooLate(run, name)
	case err != nil:
		return err
	}
	e.enqueued()
	return nil
}

func (e *Engine) tooLate(run int64, name string) error {
	return fmt.Errorf("signal %q: run %d takes none any more: %w", name, run, ErrRunEnded)
}

// signalTo checks a signal to a run.
func (e *Engine) signalTo(to *store.Run, name string, payload Payload, key string) (store.Signal, error) {
	sig := store.Signal{Run: to.ID, Name: name, Key: key, Value: store.Payload(payload), Checksum: payload.Checksum()}
	return sig, e.checkSignal(to.Workflow, name, payload)
}

// checkSignal reports why a workflow's runs do not take a signal.
func (e *Engine) checkSignal(workflow, name string, payload Payload) error {
	switch {
	case name == "":
		return &InputError{workflow, errors.New("the signal has no name")}
	case len(payload.Data) > maxSignal:
		return &InputError{workflow, fmt.Errorf("signal %q: its payload has %d bytes, more than %d", name, len(payload.Data), maxSignal)}
	case !json.Valid(payload.Data):
		return &InputError{workflow, fmt.Errorf("signal %q: its payload is not JSON", name)}
	}
	def := e.defs[workflow]
	if def == nil {
		return nil
	}
	declared, ok := def.signal(name)
	if !ok {
		return &InputError{workflow, fmt.Errorf("it takes no signal %q; %s", name, nearest(name, def.Describe().Signals))}
	}
	if err := declared.checkSignal(payload.Data); err != nil {
		if string(payload.Data) == "null" {
			return &InputError{workflow, fmt.Errorf("signal %q needs a payload: %w", name, err)}
		}
		return &InputError{workflow, fmt.Errorf("signal %q: payload: %w", name, err)}
	}
	return nil
}

// Signals returns a page of a run's mailbox, oldest first, after the signal with that ID: those that wait
// to be taken (Visit 0), and those that have woken the run, until they are deleted.
func (e *Engine) Signals(ctx context.Context, run, after int64, limit int) ([]Delivered, error) {
	rows, err := e.store.Signals(ctx, run, after, limit)
	if err != nil {
		return nil, err
	}
	list := make([]Delivered, len(rows))
	for i, s := range rows {
		list[i] = delivered(s)
	}
	return list, nil
}

// Signal returns the signal that has led to this visit, see [Host].
func (x *execution) Signal() (Delivered, bool, error) {
	run, err := x.born()
	if err != nil {
		return Delivered{}, false, err
	}
	x.mu.Lock()
	visit := x.callVisit()
	x.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), readLimit)
	defer cancel()
	s, err := x.eng.store.SignalOf(ctx, run, visit)
	if errors.Is(err, store.ErrNotFound) {
		return Delivered{}, false, nil
	}
	if err == nil && Payload(s.Value).Checksum() != s.Checksum {
		err = blocked(fmt.Errorf("the payload of signal %q is corrupt", s.Name))
	}
	return delivered(s), err == nil, err
}

// readLimit bounds what a step reads of its own run.
const readLimit = time.Minute

func delivered(s store.Signal) Delivered {
	return Delivered{ID: s.ID, Name: s.Name, Key: s.Key, Sender: s.Sender, Visit: int(s.Visit), Time: timeOf(s.TimeUS), Payload: Payload(s.Value)}
}
