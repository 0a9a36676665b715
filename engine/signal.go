package engine

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/durable-wf/wf/engine/internal/codec"
)

// Signal is a message to a run, with a payload of type T. Its string is its durable name. A workflow
// declares the signals that it takes in Workflow.Signals.
//
// A signal that comes before it is awaited waits in the run's mailbox, in the order of arrival for each
// name; it is durable once Send has returned. An Await takes the oldest that fits.
type Signal[T any] string

// AnySignal is a Signal of whatever type.
type AnySignal interface {
	signalName() string
	checkSignal(doc []byte) error // that a payload decodes
}

func (s Signal[T]) signalName() string { return string(s) }

func (s Signal[T]) checkSignal(doc []byte) error {
	var v T
	if len(doc) == 0 {
		doc = []byte("null")
	}
	return decodeJSON(doc, &v)
}

// Await waits for the signal and goes on with the named step, which reads it with Payload. See
// [Transition.Within] and [Transition.Or].
func (s Signal[T]) Await(step string) Transition {
	return Transition{kind: toAwait, step: step, doors: []door{{string(s), step}}}
}

// Payload returns the payload of the signal that has led to this visit of the step. It belongs to the
// visit: every attempt reads the same. It is an error if another signal, or none, has led here.
func (s Signal[T]) Payload(ctx *Context) (T, error) {
	var v T
	got, ok, err := ctx.signal()
	switch {
	case err != nil:
		return v, err
	case !ok:
		return v, fmt.Errorf("signal %q: no signal has led to this step", string(s))
	case got.Name != string(s):
		return v, fmt.Errorf("signal %q: signal %q has led to this step", string(s), got.Name)
	}
	if err := codec.Decode(got.Payload, &v); err != nil {
		return v, Permanent(fmt.Errorf("signal %q: payload: %w", string(s), err))
	}
	return v, nil
}

// To makes a message for [Transition.Send].
func (s Signal[T]) To(run int64, payload T) Message {
	value, err := codec.Encode(codec.JSON, payload)
	return Message{run: run, signal: s, value: value, fault: err}
}

// Send sends the signal to a run. It returns once the signal is durable; it is delivered exactly once,
// in the order of Send. Its error is an *InputError if the run's workflow does not declare the signal,
// ErrRunNotFound, or a *TransitionError if the run has ended. It may be called by any process, but not
// from a step, for which [Transition.Send] is the exact way.
func (s Signal[T]) Send(ctx context.Context, eng *Engine, run int64, payload T, opts *SendOptions) error {
	doc, err := codec.Encode(codec.JSON, payload)
	if err != nil {
		return fmt.Errorf("signal %q: %w", string(s), err)
	}
	return eng.Signal(ctx, run, string(s), json.RawMessage(doc.Data), opts)
}

// SendOptions are the extras of a signal. nil means none.
type SendOptions struct {
	// Key makes the sending idempotent: a signal of the same name and key is delivered to a run once.
	Key string
}

// Message is a signal on its way to a run.
type Message struct {
	run    int64
	signal AnySignal
	value  Payload
	key    string
	fault  error
}

// Keyed makes the message idempotent, see [SendOptions].
func (m Message) Keyed(key string) Message {
	m.key = key
	return m
}
