package engine

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/durable-wf/wf/engine/internal/codec"
	"github.com/durable-wf/wf/engine/internal/input"
)

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
	if w.Deadline < 0 {
		add("deadline %v must not be negative", w.Deadline)
	}
	if w.format() != JSON && w.format() != CBOR {
		add("codec %q is unknown", string(w.Codec))
	}
	faults = append(faults, codec.Check(reflect.TypeFor[S]())...)
	faults = append(faults, w.Checkpoint.faults()...)
	faults = append(faults, w.Preserve.faults()...)
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
	if s.Pure && s.Undo != nil {
		add("step %q is pure and has an Undo: a step without effects has nothing to undo", s.Name)
	}
	if s.Timeout < 0 || s.Heartbeat < 0 {
		add("step %q: time-out and heartbeat must not be negative", s.Name)
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
	for i, def := range defs {
		if def == nil {
			faults = append(faults, fmt.Errorf("definition %d is nil", i+1))
			continue
		}
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
