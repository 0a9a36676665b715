// Package input turns command line words and partial JSON into the state that a run starts from.
//
// A field of the state is an input if it has a help tag; its name is its JSON name, dotted below a
// nested struct ("grid.nx"). All else is state and cannot be given. The tag default fills an input
// that is left out, the tag arg:"rest" names the one []string that takes the words after "--".
//
// All functions are pure and safe for concurrent use.
package input

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/durable-wf/wf/engine/internal/codec"
)

// Build returns the complete state of type t, as JSON, that base, words and defaults make: base is a
// JSON object of inputs or nil; words, by the names of the inputs, replace what base says (a list or
// a map as a whole); defaults fill the inputs that neither names. An input without any of them is zero.
//
// A t that is no struct, or marshals itself, has no inputs; base then is the state itself.
//
// The error is an *Error about the first fault, the names before the values; if t itself is faulty,
// it is that of Fields.
func Build(t reflect.Type, base []byte, words map[string][]string) ([]byte, error) {
	form, err := newForm(t)
	if err != nil {
		return nil, err
	}
	state := reflect.New(t)
	given := map[string]bool{}
	if err := form.setBase(state, base, given); err != nil {
		return nil, err
	}
	if err := form.setWords(state.Elem(), words, given); err != nil {
		return nil, err
	}
	for _, f := range form.inputs {
		if f.Default == "" || given[f.Name] {
			continue
		}
		if err := f.setDefault(f.in(state.Elem())); err != nil {
			return nil, at(f.Name, err)
		}
	}
	return encode(state)
}

// setWords sets the inputs named by words and adds their names to given.
func (f *form) setWords(state reflect.Value, words map[string][]string, given map[string]bool) error {
	for _, name := range slices.Sorted(maps.Keys(words)) {
		if _, err := f.find(name); err != nil {
			return err
		}
	}
	for _, field := range f.inputs {
		list := words[field.Name]
		if len(list) == 0 {
			continue
		}
		given[field.Name] = true
		if err := setWords(field.in(state), list); err != nil {
			return at(field.Name, err)
		}
	}
	return nil
}

// find returns the input of that name, or an error that helps to find the right name.
func (f *form) find(name string) (*entry, error) {
	if i, ok := f.byName[name]; ok {
		return f.inputs[i], nil
	}
	if f.isState(name) {
		return nil, &Error{Field: name, Problem: "is state, not input; leave it out"}
	}
	known := make([]string, len(f.inputs))
	for i, in := range f.inputs {
		known[i] = in.Name
	}
	text := "no such input; "
	switch nearest := Nearest(name, known); {
	case nearest != "":
		text += "did you mean " + nearest + "?"
	case len(known) == 0:
		text += "there are none"
	default:
		text += "there are " + strings.Join(known, ", ")
	}
	return nil, &Error{Field: name, Problem: text}
}

// isState reports whether name is a field without help or inside one.
func (f *form) isState(name string) bool {
	for end := range name {
		if name[end] == '.' && f.state[name[:end]] {
			return true
		}
	}
	return f.state[name]
}

func encode(state reflect.Value) ([]byte, error) {
	p, err := codec.Encode(codec.JSON, state.Interface())
	if err != nil {
		return nil, at("", err)
	}
	text, err := p.JSON()
	if err != nil {
		return nil, at("", err)
	}
	return text, nil
}
