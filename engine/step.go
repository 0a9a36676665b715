package engine

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"

	"github.com/durable-wf/wf/engine/internal/codec"
)

// RunStep runs one attempt of one step, see [Definition].
func (w Workflow[S, R]) RunStep(ctx context.Context, v Visit, h Host) (out Outcome) {
	defer func() { // of the user's Migrate, or of a method by which a state marshals itself
		if p := recover(); p != nil {
			out = Outcome{Err: blocked(&PanicError{Value: p, Stack: string(debug.Stack())})}
		}
	}()
	i := w.index(v.Ref.Step)
	if i < 0 {
		return Outcome{Err: blocked(w.missing(v.Ref.Step))}
	}
	step := &w.Steps[i]
	s := new(S)
	if err := w.decode(v, s); err != nil {
		return Outcome{Err: err}
	}
	a := newAttempt(ctx, v, h)
	if err := a.restore(v.From.Random); err != nil {
		a.cancel(err)
		return Outcome{Err: err}
	}
	a.policy = v.Policy.or(step.Checkpoint).or(w.Checkpoint).or(v.Widest)
	a.format = w.format()
	a.encode = func() (Payload, error) { return codec.Encode(w.format(), s) }
	a.brief = func() string { return w.brief(s) }
	a.begin()
	t, err := callStep(a, step.Do, s)
	return w.outcome(a, i, t, err)
}

// callStep calls the step function and turns a panic into an error.
func callStep[S any](a *attempt, do func(*Context, *S) (Transition, error), s *S) (t Transition, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: string(debug.Stack())}
		}
	}()
	return do(&a.ctx, s)
}

// outcome ends the attempt and resolves its transition.
func (w Workflow[S, R]) outcome(a *attempt, step int, t Transition, err error) Outcome {
	refused, misuse := a.end()
	switch {
	case refused != nil:
		return Outcome{Refuse: refused}
	case err != nil:
		return Outcome{Err: err}
	case misuse != nil:
		return Outcome{Err: Permanent(misuse)}
	}
	out := Outcome{}
	out.Next, out.Result, out.Err = w.resolve(step, t)
	if _, astray := errors.AsType[*blockedError](out.Err); out.Err != nil && !astray {
		return out
	}
	if out.State, err = a.snapshot(); err != nil {
		return Outcome{Err: Permanent(fmt.Errorf("state: %w", err))}
	}
	out.State.Counters = nil // they count within the visit, which ends here
	return out
}

// resolve names the step that a transition of the step with index i leads to, or the result.
func (w Workflow[S, R]) resolve(i int, t Transition) (next string, result Payload, err error) {
	from := &w.Steps[i]
	switch t.kind {
	case toNext:
		if i+1 < len(w.Steps) {
			return w.Steps[i+1].Name, Payload{}, nil
		}
		return w.finish(*new(R))
	case toSelf:
		return from.Name, Payload{}, nil
	case toStep:
		if w.index(t.step) < 0 {
			return "", Payload{}, blocked(w.missing(t.step))
		}
		follows := i+1 < len(w.Steps) && w.Steps[i+1].Name == t.step
		if from.To != nil && !follows && t.step != from.Name && !slices.Contains(from.To, t.step) {
			return "", Payload{}, blocked(fmt.Errorf("step %q went to %q, which is not in its To", from.Name, t.step))
		}
		return t.step, Payload{}, nil
	case toEnd:
		return w.finish(t.result)
	default:
		return "", Payload{}, Permanent(fmt.Errorf("step %q returned no transition", from.Name))
	}
}

func (w Workflow[S, R]) finish(result any) (string, Payload, error) {
	r, ok := result.(R)
	if !ok && result != nil {
		return "", Payload{}, Permanent(fmt.Errorf("the result is a %T, not a %v", result, reflect.TypeFor[R]()))
	}
	p, err := codec.Encode(w.format(), r)
	if err != nil {
		return "", Payload{}, Permanent(fmt.Errorf("result: %w", err))
	}
	return "", p, nil
}

// decode reads the stored state strictly; what it cannot read blocks the run.
func (w Workflow[S, R]) decode(v Visit, s *S) error {
	switch {
	case v.Wrote > w.Version:
		return blocked(fmt.Errorf("its state was written by version %d of the workflow, this program has version %d", v.Wrote, w.Version))
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
		return blocked(fmt.Errorf("state: %w", err))
	}
	return nil
}

// blockedError is an error that the engine must not guess about: it blocks the run.
type blockedError struct{ err error }

func (e *blockedError) Error() string { return e.err.Error() }
func (e *blockedError) Unwrap() error { return e.err }

func blocked(err error) error { return &blockedError{err} }
