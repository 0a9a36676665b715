package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"

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
	// Migrate makes an S of the state (as JSON) that an older version wrote. nil decodes it as it is,
	// and a state that does not decode blocks the run.
	Migrate func(version int, state []byte) (S, error)
	// Codec encodes states, results and recorded calls. "" means JSON, which SQL can read.
	Codec Codec
	// Checkpoint is the policy of the workflow's steps.
	Checkpoint Checkpoint
}

// Step is a named unit of a workflow. Name is its durable identity.
type Step[S any] struct {
	Name string
	// Do runs the step. It may change *S; the change is committed with the Transition that it
	// returns, or not at all. It should watch ctx, which is cancelled (with a cause) when the run
	// has to stop here.
	Do         func(ctx *Context, s *S) (Transition, error)
	To         []string // steps it may go to besides the one that follows and itself; nil means any
	Retry      Retry
	Checkpoint Checkpoint
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
	d := Description{Name: string(w.Name), Version: w.Version, Doc: w.Doc}
	d.Inputs, _ = input.Fields(reflect.TypeFor[S]()) // its faults are reported by Open
	for _, s := range w.Steps {
		d.Steps = append(d.Steps, StepDescription{Name: s.Name, To: slices.Clone(s.To), Retry: s.Retry})
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

func (w Workflow[S, R]) format() Codec {
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
	sum := sha256.Sum256(state.Data)
	return starting{state: state, hash: sum[:], brief: w.brief(s)}, nil
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

// RunStep runs one attempt of one step, see [Definition].
func (w Workflow[S, R]) RunStep(ctx context.Context, v Visit, h Host) Outcome {
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
	if out.Next, out.Result, out.Err = w.resolve(step, t); out.Err != nil {
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

func (w Workflow[S, R]) index(step string) int {
	return slices.IndexFunc(w.Steps, func(s Step[S]) bool { return s.Name == step })
}

func (w Workflow[S, R]) missing(step string) error {
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
	return doc, briefJSON(doc, inputNames(reflect.TypeFor[S]())), nil
}

// faults lists everything that is wrong with the definition.
func (w Workflow[S, R]) faults() []error {
	var faults []error
	add := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if w.Name == "" {
		add("it has no name")
	}
	if w.Version < 0 {
		add("version %d must not be negative", w.Version)
	}
	if len(w.Steps) == 0 {
		add("it has no steps")
	}
	if w.format() != JSON && w.format() != CBOR {
		add("codec %q is unknown", string(w.Codec))
	}
	faults = append(faults, codec.Check(reflect.TypeFor[S]())...)
	faults = append(faults, w.Checkpoint.faults()...)
	if _, err := input.Fields(reflect.TypeFor[S]()); err != nil {
		faults = append(faults, err)
	}
	for i, s := range w.Steps {
		faults = append(faults, w.stepFaults(i, s)...)
	}
	return faults
}

func (w Workflow[S, R]) stepFaults(i int, s Step[S]) []error {
	var faults []error
	add := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if s.Name == "" {
		add("step %d has no name", i+1)
	}
	if w.index(s.Name) != i {
		add("two steps are called %q", s.Name)
	}
	if s.Do == nil {
		add("step %q has no Do", s.Name)
	}
	for _, to := range s.To {
		if w.index(to) < 0 {
			add("step %q may go to %q, which does not exist", s.Name, to)
		}
	}
	for _, err := range slices.Concat(s.Retry.faults(), s.Checkpoint.faults()) {
		add("step %q: %w", s.Name, err)
	}
	return faults
}

// validate checks all definitions and reports all faults together.
func validate(defs []Definition) error {
	var faults []error
	seen := map[string]bool{}
	for _, def := range defs {
		name := def.Describe().Name
		if seen[name] {
			faults = append(faults, fmt.Errorf("workflow %q: defined twice", name))
		}
		seen[name] = true
		for _, err := range def.faults() {
			faults = append(faults, fmt.Errorf("workflow %q: %w", name, err))
		}
	}
	return errors.Join(faults...)
}

// blockedError is an error that the engine must not guess about: it blocks the run.
type blockedError struct{ err error }

func (e *blockedError) Error() string { return e.err.Error() }
func (e *blockedError) Unwrap() error { return e.err }

func blocked(err error) error { return &blockedError{err} }
