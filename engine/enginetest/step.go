package enginetest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/internal/codec"
)

// StepResult is what one attempt of a step came to.
type StepResult[S, R any] struct {
	Err      error          // why the attempt failed or was stopped; nil if the step returned a transition that holds
	Next     string         // the step that follows; "" when the run ends
	Result   R              // when the run ends
	State    S              // as it is committed with the transition; after a failure as it was committed last
	Wait     *engine.Hold   // what the run waits for before Next; nil if it goes on at once
	Outcome  engine.Outcome // all of it, with the types erased
	Saves    []S            // the states of the checkpoints within the step
	Calls    []string       // names of the recorded calls that were made and succeeded, in the order of their ends
	Progress engine.Progress
	Notes    map[string]json.RawMessage // that the attempt has annotated
}

// Step runs one attempt of one step on a state, without an engine: nothing is stored, nothing is retried, and
// an Await, a Sleep or a Spawn is only told in the result. The state is encoded before and after as an engine
// does it. Messages and the Tx of the transition are in Outcome and not carried out. opts may be nil.
func Step[S, R any](t testing.TB, w engine.Workflow[S, R], step string, s S, opts *StepOptions) StepResult[S, R] {
	t.Helper()
	return perform(t, w, step, s, opts, w.RunStep)
}

// Undo runs one attempt at undoing a step, like [Step]. Of the result only Err, State, Saves and Calls count.
func Undo[S, R any](t testing.TB, w engine.Workflow[S, R], step string, s S, opts *StepOptions) StepResult[S, R] {
	t.Helper()
	return perform(t, w, step, s, opts, w.RunUndo)
}

func perform[S, R any](t testing.TB, w engine.Workflow[S, R], step string, s S, opts *StepOptions,
	run func(context.Context, engine.Visit, engine.Host) engine.Outcome) StepResult[S, R] {
	t.Helper()
	if opts == nil {
		opts = &StepOptions{}
	}
	ctx := opts.Context
	if ctx == nil {
		ctx = t.Context()
	}
	format := w.Codec
	if format == "" {
		format = engine.JSON
	}
	state, err := codec.Encode(format, &s)
	if err != nil {
		t.Fatalf("workflow %q: state: %v", string(w.Name), err)
	}
	h := newHost(t, opts)
	out := run(ctx, opts.visit(string(w.Name), step, w.Version, state), h)
	return resultOf[S, R](t, h, state, out)
}

func resultOf[S, R any](t testing.TB, h *host, state engine.Payload, out engine.Outcome) StepResult[S, R] {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	r := StepResult[S, R]{Err: out.Err, Next: out.Next, Wait: out.Wait, Outcome: out, Calls: h.calls, Progress: h.progress, Notes: h.notes}
	if r.Err == nil {
		r.Err = out.Refuse
	}
	for _, save := range h.saves {
		r.Saves = append(r.Saves, decode[S](t, save.State))
		state = save.State
	}
	if len(out.State.State.Data) > 0 {
		state = out.State.State
	}
	r.State = decode[S](t, state)
	if len(out.Result.Data) > 0 {
		r.Result = decode[R](t, out.Result)
	}
	return r
}

func decode[T any](t testing.TB, p engine.Payload) (v T) {
	t.Helper()
	if err := codec.Decode(p, &v); err != nil {
		t.Fatalf("decoding a %T: %v", v, err)
	}
	return v
}

// String describes what the attempt came to, on one line.
func (r StepResult[S, R]) String() string {
	switch {
	case r.Err != nil:
		return "error: " + r.Err.Error()
	case r.Next == "":
		return fmt.Sprintf("done %v", r.Result)
	case r.Wait == nil:
		return "go to " + r.Next
	}
	return holdText(r.Wait, r.Next)
}

func holdText(h *engine.Hold, next string) string {
	var parts []string
	for _, b := range h.Signals {
		parts = append(parts, "await "+b.Signal+" to "+b.Step)
	}
	text := strings.Join(parts, " or ")
	bound := h.Pause.String()
	if !h.At.IsZero() {
		bound = "until " + h.At.UTC().Format("2006-01-02T15:04:05Z")
	}
	switch {
	case len(h.Children) > 0:
		text = fmt.Sprintf("spawn %d, then %s", len(h.Children), next)
	case text == "":
		return "sleep " + bound + ", then " + next
	}
	if h.Else != "" {
		text += " within " + bound + " else " + h.Else
	}
	return text
}
