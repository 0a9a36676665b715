package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/durable-wf/wf/engine/internal/codec"
	"github.com/durable-wf/wf/engine/internal/input"
)

// Workflow defines a computation over a state S that ends with a result R. Its steps run in order
// unless they say otherwise. Name and Steps must be set; the zero value of the rest is useful.
//
// S is encoded at every checkpoint and decoded afresh for every attempt, so it must hold everything
// that counts: exported fields that encode, and nothing else (a field tagged json:"-" is left out).
// A field with a help tag is an input: a flag on the command line; `default` fills it when it is
// left out there.
type Workflow[S, R any] struct {
	Name    Name[S, R]
	Version int    // raise it when the meaning of S or of the steps changes
	Doc     string // one line for people
	Steps   []Step[S]

	// Validate is called in every start; its error is returned as an *InputError. nil accepts all.
	Validate func(*S) error
	// Signals declares what the workflow's runs may be sent; anything else is refused at the sender.
	Signals []AnySignal
	// Deadline fails a run that has not ended so long after its start, waits included; steps are undone
	// then as after any failure. 0 means none.
	Deadline time.Duration
	// Migrate makes an S of the state (as JSON) that an older version wrote. nil decodes it as it is,
	// and a state that does not decode blocks the run.
	Migrate func(version int, state []byte) (S, error)
	// Codec encodes states, results and recorded calls. "" means JSON, which SQL can read.
	Codec Codec
	// Checkpoint is the policy of the workflow's steps.
	Checkpoint Checkpoint
	// Preserve says which older checkpoints of the workflow's runs are kept.
	Preserve Preserve
}

// Step is a named unit of a workflow. Name is its durable identity.
type Step[S any] struct {
	Name string
	// Do runs the step. It may change *S; the change is committed with the Transition that it
	// returns, or not at all. It should watch ctx, which is cancelled (with a cause) when the run
	// has to stop here. The steps of a run that one process executes are called on one goroutine, one after the
	// other: a step that locks it to its thread unlocks it.
	Do func(ctx *Context, s *S) (Transition, error)
	// Undo makes up for a visit of the step that was completed, or that has failed after an attempt had
	// begun, when the run fails or is cancelled: once per visit, newest first. It sees the newest committed
	// state as earlier undos have left it, and with [Recorded] the calls of that visit. It must be
	// idempotent. It is retried by Retry, or 5 times if that says nothing; when it fails for good the run
	// is blocked. nil: there is nothing to undo.
	Undo       func(ctx *Context, s *S) error
	To         []string // steps it may go to besides the one that follows and itself; nil means any
	Retry      Retry
	Checkpoint Checkpoint
	// Timeout bounds an attempt: how long it may execute, also across restarts of its process. Then its
	// context is cancelled with ErrStepTimeout, it may save a last time, and the attempt has failed, to be
	// retried by Retry. 0 means none.
	Timeout time.Duration
	// Heartbeat bounds how long an attempt may go without a Save, a Progress or a recorded call. Then its
	// context is cancelled with ErrHeartbeatTimeout, and the attempt has failed. 0 means any time.
	Heartbeat time.Duration
	// Pure says that the step has no effects but on its state: it reads and computes, and to do it again does
	// no harm. The engine then need not wait for the disk between pure steps, of which it does tens of thousands
	// a second. Their transitions are committed in order, each with its event, but the next pure step begins
	// before they are: at most 1 s of work, 1,000 transitions and 1 MiB are so ahead of the disk. Whatever others
	// can see waits until all of it is committed: a step that is not pure, the first recorded call or Folder
	// of a step, Send, Spawn, Await, Sleep, Tx, the end of the run, and what an [Observer] is told. A crash, or the
	// loss of the lease, undoes what was ahead, and it is computed again. A pure step may save, make recorded
	// calls, draw from Rand, fail and be retried as any other. It must have no Undo.
	Pure bool
}

// Codec names how values are encoded.
type Codec = codec.Format

// The codecs.
const (
	JSON = codec.JSON
	CBOR = codec.CBOR
)

// Input is a field of a workflow's state that a start may set.
type Input = input.Field

// Describe returns name, version, steps and inputs.
func (w Workflow[S, R]) Describe() Description {
	d := Description{Name: string(w.Name), Version: w.Version, Doc: w.Doc, Deadline: w.Deadline, Preserve: w.Preserve}
	d.Inputs, _ = input.Fields(reflect.TypeFor[S]()) // its faults are reported by Open
	for _, s := range w.Steps {
		d.Steps = append(d.Steps, StepDescription{
			Name: s.Name, To: slices.Clone(s.To), Retry: s.Retry, Undo: s.Undo != nil, Pure: s.Pure, Timeout: s.Timeout, Heartbeat: s.Heartbeat,
		})
	}
	for _, signal := range w.Signals {
		d.Signals = append(d.Signals, signal.signalName())
	}
	return d
}

// Input makes the JSON of a starting state, see [Definition].
func (w Workflow[S, R]) Input(base []byte, words map[string][]string) (json.RawMessage, error) {
	doc, err := input.Build(reflect.TypeFor[S](), base, words)
	if err != nil {
		return nil, &InputError{string(w.Name), err}
	}
	return doc, nil
}

// Complete makes the state from which a run would start, see [Definition].
func (w Workflow[S, R]) Complete(in json.RawMessage) (json.RawMessage, error) {
	begin, err := w.startJSON(in)
	if err != nil {
		return nil, err
	}
	return begin.state.JSON()
}

func (w *Workflow[S, R]) format() Codec {
	if w.Codec == "" {
		return JSON
	}
	return w.Codec
}

func (w Workflow[S, R]) start(v any) (starting, error) {
	s, ok := v.(*S)
	if !ok {
		return starting{}, &InputError{string(w.Name), fmt.Errorf("its state is a %v, not a %T", reflect.TypeFor[S](), v)}
	}
	if w.Validate != nil {
		if err := w.Validate(s); err != nil {
			return starting{}, &InputError{string(w.Name), err}
		}
	}
	state, err := codec.Encode(w.format(), s)
	if err != nil {
		return starting{}, &InputError{string(w.Name), err}
	}
	return starting{state: state, brief: briefState(s)}, nil
}

func (w Workflow[S, R]) startJSON(doc []byte) (starting, error) {
	var s S
	if len(bytes.TrimSpace(doc)) > 0 {
		if err := decodeJSON(doc, &s); err != nil {
			return starting{}, &InputError{string(w.Name), err}
		}
	}
	return w.start(&s)
}

func (w *Workflow[S, R]) index(step string) int {
	for i := range w.Steps { // which are large to copy
		if w.Steps[i].Name == step {
			return i
		}
	}
	return -1
}

func (w Workflow[S, R]) signal(name string) (AnySignal, bool) {
	i := slices.IndexFunc(w.Signals, func(s AnySignal) bool { return s.signalName() == name })
	if i < 0 {
		return nil, false
	}
	return w.Signals[i], true
}

func (w *Workflow[S, R]) missing(step string) error {
	names := make([]string, len(w.Steps))
	for i, s := range w.Steps {
		names[i] = s.Name
	}
	return fmt.Errorf("version %d has no step %q; %s", w.Version, step, nearest(step, names))
}

func (w Workflow[S, R]) fingerprint(step string) string {
	return codec.Fingerprint(reflect.TypeFor[S](), step, fmt.Sprint(w.Version))
}

func (w Workflow[S, R]) show(p Payload) (json.RawMessage, string, error) {
	doc, err := p.JSON()
	if err != nil {
		return nil, "", err
	}
	skip := inputNames(reflect.TypeFor[S]())
	if brief, ok := briefMembers(p, skip); ok {
		return doc, brief, nil
	}
	return doc, briefJSON(doc, skip), nil
}

func (w Workflow[S, R]) sketch(p Payload) string { return sketch(p, inputNames(reflect.TypeFor[S]())) }
