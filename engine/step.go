package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/durable-wf/wf/engine/internal/codec"
)

// RunStep runs one attempt of one step, see [Definition].
func (w Workflow[S, R]) RunStep(ctx context.Context, v Visit, h Host) (out Outcome) {
	w.doStep(ctx, &v, h, &out)
	return out
}

func (w Workflow[S, R]) performer() performer { return &w }

func (w *Workflow[S, R]) doStep(ctx context.Context, v *Visit, h Host, out *Outcome) {
	*out = Outcome{}
	defer blockedByPanic(out)
	i := w.index(v.Ref.Step)
	if i < 0 {
		out.Err = blocked(w.missing(v.Ref.Step))
		return
	}
	a, s, err := w.enter(ctx, i, v, h)
	if err != nil {
		out.Err = err
		return
	}
	t, err := callStep(a, w.Steps[i].Do, s)
	w.outcome(a, i, &t, err, out)
}

// blockedByPanic makes the outcome of a panic of the user's Migrate, or of a method by which a state
// marshals itself. It is to be deferred.
func blockedByPanic(out *Outcome) {
	if p := recover(); p != nil {
		*out = Outcome{Err: blocked(&PanicError{Value: p, Stack: string(debug.Stack())})}
	}
}

// enter begins an attempt at doing or undoing step i: on the state as the visit's checkpoint has it.
func (w *Workflow[S, R]) enter(ctx context.Context, i int, v *Visit, h Host) (*attempt, *S, error) {
	s := new(typedState[S])
	if err := w.decode(v, &s.value); err != nil {
		return nil, nil, err
	}
	a := newAttempt(ctx, v, h)
	if err := a.restore(v.From.Random); err != nil {
		a.unwatch()
		a.reins.drop(err)
		return nil, nil, err
	}
	a.policy = v.Policy.or(w.Steps[i].Checkpoint).or(w.Checkpoint).or(v.Widest)
	a.format, a.state = w.format(), s
	a.begin(&v.Pace)
	return a, &s.value, nil
}

// typedState is the state that an attempt works on.
type typedState[S any] struct{ value S }

func (s *typedState[S]) encode(f Codec) (Payload, error) { return codec.Encode(f, &s.value) }
func (s *typedState[S]) brief() string                   { return briefState(&s.value) }

// callStep calls the step function and turns a panic into an error.
func callStep[S any](a *attempt, do func(*Context, *S) (Transition, error), s *S) (t Transition, err error) {
	defer caught(&err)
	return do(&a.ctx, s)
}

// outcome ends the attempt and resolves its transition.
func (w *Workflow[S, R]) outcome(a *attempt, step int, t *Transition, err error, out *Outcome) {
	refused, misuse := a.end()
	switch {
	case refused != nil:
		out.Refuse = refused
		return
	case err != nil:
		out.Err = err
		return
	case misuse != nil:
		out.Err = Permanent(misuse)
		return
	}
	w.resolve(step, t, out)
	if _, astray := errors.AsType[*blockedError](out.Err); out.Err != nil && !astray {
		return
	}
	if out.State, err = a.snapshot(); err != nil {
		*out = Outcome{Err: Permanent(fmt.Errorf("state: %w", err))}
		return
	}
	out.State.Counters = nil // they count within the visit, which ends here
}

// decode reads the stored state strictly; what it cannot read blocks the run.
func (w *Workflow[S, R]) decode(v *Visit, s *S) error {
	switch {
	case v.Wrote > w.Version:
		return blocked(w.tooNew(v.Wrote))
	case v.Wrote < w.Version && w.Migrate != nil:
		doc, err := v.From.State.JSON()
		if err != nil {
			return blocked(fmt.Errorf("state: %w", err))
		}
		if *s, err = w.Migrate(v.Wrote, doc); err != nil {
			return blocked(fmt.Errorf("migrating the state from version %d: %w", v.Wrote, err))
		}
		return nil
	}
	if err := codec.Decode(v.From.State, s); err != nil {
		return blocked(fmt.Errorf("state: %w", explained(err)))
	}
	return nil
}

// blockedError is an error that the engine must not guess about: it blocks the run.
type blockedError struct{ err error }

func (e *blockedError) Error() string { return e.err.Error() }
func (e *blockedError) Unwrap() error { return e.err }

func blocked(err error) error { return &blockedError{err} }
