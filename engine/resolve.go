package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"

	"github.com/durable-wf/wf/engine/internal/codec"
)

// resolve says what a transition of the step with index i asks for: where it leads, and what is to
// happen on the way. An author's mistake fails the attempt for good; a step that does not exist blocks
// the run, since another version of the program may have it.
func (w *Workflow[S, R]) resolve(i int, t *Transition, out *Outcome) {
	if t.misuse != nil {
		out.Err = Permanent(fmt.Errorf("step %q returned a wrong transition: %w", w.Steps[i].Name, t.misuse))
		return
	}
	for _, m := range t.sends {
		if m.fault != nil {
			out.Err = Permanent(fmt.Errorf("signal %q to run %d: %w", m.signal.signalName(), m.run, m.fault))
			return
		}
	}
	out.Sends, out.Tx = t.sends, t.tx
	switch t.kind {
	case toNext:
		if i+1 == len(w.Steps) {
			out.Result, out.Err = w.finish(*new(R))
			break
		}
		out.Next = w.Steps[i+1].Name
	case toSelf:
		out.Next = w.Steps[i].Name
	case toStep:
		out.Next = t.step
		out.Err = w.reach(i, t.step)
	case toEnd:
		out.Result, out.Err = w.finish(t.result)
	case toSleep, toAwait, toSpawn:
		w.resolveWait(i, t, out)
	default:
		out.Err = Permanent(fmt.Errorf("step %q returned no transition", w.Steps[i].Name))
	}
}

// resolveWait is resolve for the transitions that wait.
func (w *Workflow[S, R]) resolveWait(i int, t *Transition, out *Outcome) {
	hold := &Hold{Pause: t.pause, At: t.at, Else: t.other, Limit: t.limit, FailFast: t.failFast}
	if t.other != "" {
		hold.Pause = t.within
	}
	out.Next, out.Wait = t.step, hold
	errs := []error{w.reach(i, t.step)}
	if t.other != "" {
		errs = append(errs, w.reach(i, t.other))
	}
	for _, d := range t.doors {
		errs = append(errs, w.reach(i, d.step), w.declared(d.signal))
		if slices.ContainsFunc(hold.Signals, func(b Branch) bool { return b.Signal == d.signal }) {
			errs = append(errs, Permanent(fmt.Errorf("signal %q is awaited twice", d.signal)))
		}
		hold.Signals = append(hold.Signals, Branch{d.signal, d.step})
	}
	if t.kind == toSpawn {
		var err error
		hold.Children, err = draw(t.children)
		errs = append(errs, err)
	}
	for _, err := range errs {
		if err != nil { // the first will do: it goes on one line
			out.Err = err
			return
		}
	}
}

// reach reports why step i may not go to the named one.
func (w *Workflow[S, R]) reach(i int, step string) error {
	from := &w.Steps[i]
	if w.index(step) < 0 {
		return blocked(w.missing(step))
	}
	follows := i+1 < len(w.Steps) && w.Steps[i+1].Name == step
	if from.To != nil && !follows && step != from.Name && !slices.Contains(from.To, step) {
		return blocked(fmt.Errorf("step %q went to %q, which is not in its To", from.Name, step))
	}
	return nil
}

// declared reports that the workflow does not take a signal.
func (w *Workflow[S, R]) declared(signal string) error {
	if _, ok := w.signal(signal); ok {
		return nil
	}
	return Permanent(fmt.Errorf("signal %q is not declared in Workflow.Signals", signal))
}

// draw collects the children of a Spawn. The sequence is the user's code.
func draw(seq iter.Seq[Child]) (children []Child, err error) {
	if seq == nil {
		return nil, Permanent(errors.New("Spawn was given no sequence of children"))
	}
	_, err = protect(context.Background(), func(context.Context) (struct{}, error) {
		children = slices.Collect(seq)
		return struct{}{}, nil
	})
	return children, err
}

func (w *Workflow[S, R]) finish(result any) (Payload, error) {
	r, ok := result.(R)
	if !ok && result != nil {
		return Payload{}, Permanent(fmt.Errorf("the result is a %T, not a %v", result, reflect.TypeFor[R]()))
	}
	p, err := codec.Encode(w.format(), r)
	if err != nil {
		return Payload{}, Permanent(fmt.Errorf("result: %w", err))
	}
	return p, nil
}
