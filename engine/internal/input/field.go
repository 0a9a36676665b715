package input

import (
	"encoding"
	"errors"
	"reflect"
	"time"

	"github.com/durable-wf/wf/engine/internal/codec"
	"github.com/go-json-experiment/json"
)

// Field describes an input for a flag and its help.
type Field struct {
	Name     string // dotted JSON name
	Help     string
	Default  string // as in the tag; empty if there is none
	Type     string // int, uint, float, string, bool, duration, time, text, JSON, "list of int", "map of int"
	Repeated bool   // a list or a map; each word adds an item, that of a map as key=value
	Rest     bool   // takes the words after "--"
	Bool     bool   // a flag that needs no word
}

// Fields returns the inputs of state type t in the order of declaration. The error joins one *Error
// for each fault of the tags: a default that the field does not take, a default or arg tag on a
// field without help, two rest fields, a name used twice.
func Fields(t reflect.Type) ([]Field, error) {
	form, err := newForm(t)
	if err != nil {
		return nil, err
	}
	fields := make([]Field, len(form.inputs))
	for i, in := range form.inputs {
		fields[i] = in.Field
	}
	return fields, nil
}

// form is the inputs of a type and the names of what is no input.
type form struct {
	inputs []*entry
	byName map[string]int
	state  map[string]bool // fields without help; nested structs are in groups instead
	groups map[string]bool // structs with inputs inside
	opaque bool            // the type is no struct to look into
	faults []error
}

// entry is an input and the way to it.
type entry struct {
	Field
	typ   reflect.Type
	index [][]int // one step per nested struct
}

func newForm(t reflect.Type) (*form, error) {
	f := &form{byName: map[string]int{}, state: map[string]bool{}, groups: map[string]bool{}}
	if inner := group(t); inner != nil {
		f.collect(inner, "", nil, map[reflect.Type]bool{})
	} else {
		f.opaque = true
	}
	f.check()
	if len(f.faults) > 0 {
		return nil, errors.Join(f.faults...)
	}
	return f, nil
}

// collect adds the inputs of struct t, which is called prefix. A type inside itself is state.
func (f *form) collect(t reflect.Type, prefix string, index [][]int, above map[reflect.Type]bool) {
	above[t] = true
	defer delete(above, t)
	for _, cf := range codec.Fields(t) {
		name := join(prefix, cf.Name)
		at := append(index[:len(index):len(index)], cf.Index)
		if inner := group(cf.Type); inner != nil && !above[inner] {
			before := len(f.inputs)
			f.collect(inner, name, at, above)
			if len(f.inputs) > before {
				f.groups[name] = true
				continue
			}
		}
		if _, ok := cf.Tag.Lookup("help"); !ok {
			f.addState(name, cf)
			continue
		}
		f.add(&entry{Field: describe(name, cf), typ: cf.Type, index: at}, cf.Tag.Get("arg"))
	}
}

// group returns the struct type whose fields have names of their own, or nil.
func group(t reflect.Type) reflect.Type {
	if t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct || readsText(t) || readsJSON(t) {
		return nil
	}
	return t
}

func (f *form) addState(name string, cf codec.Field) {
	f.state[name] = true
	for _, tag := range []string{"default", "arg"} {
		if _, ok := cf.Tag.Lookup(tag); ok {
			f.fault(name, "has the tag "+tag+" but no help, so it is no input")
		}
	}
}

func (f *form) add(e *entry, arg string) {
	if _, taken := f.byName[e.Name]; taken {
		f.fault(e.Name, "two inputs have this name")
	}
	if arg != "" && arg != "rest" {
		f.fault(e.Name, "the tag arg takes only rest, not "+arg)
	}
	if e.Rest && (e.typ.Kind() != reflect.Slice || e.typ.Elem().Kind() != reflect.String) {
		f.fault(e.Name, `arg:"rest" needs a []string, not `+e.typ.String())
	}
	f.byName[e.Name] = len(f.inputs)
	f.inputs = append(f.inputs, e)
}

func (f *form) fault(name, text string) {
	f.faults = append(f.faults, &Error{Field: name, Problem: text})
}

// check finds what needs all fields to be known.
func (f *form) check() {
	rest := ""
	for _, e := range f.inputs {
		if f.state[e.Name] {
			f.fault(e.Name, "an input and a state field have this name")
		}
		if e.Rest && rest != "" {
			f.fault(e.Name, `only one field can be arg:"rest", and `+rest+" is")
		}
		if e.Rest {
			rest = e.Name
		}
		if e.Default == "" {
			continue
		}
		if err := e.setDefault(reflect.New(e.typ).Elem()); err != nil {
			f.fault(e.Name, "bad default: "+at("", err).Error())
		}
	}
}

func describe(name string, cf codec.Field) Field {
	inner := indirect(cf.Type)
	return Field{
		Name: name, Help: cf.Tag.Get("help"), Default: cf.Tag.Get("default"),
		Type: typeName(cf.Type), Repeated: isList(inner) || isMap(inner),
		Rest: cf.Tag.Get("arg") == "rest", Bool: typeName(cf.Type) == "bool",
	}
}

// in returns the field of state, making the structs that pointers on the way do not yet point to.
func (e *entry) in(state reflect.Value) reflect.Value {
	v := state
	for _, index := range e.index {
		v = alloc(v)
		for _, i := range index {
			v = alloc(v).Field(i)
		}
	}
	return v
}

// alloc follows a pointer, first making what it points to.
func alloc(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		v = v.Elem()
	}
	return v
}

func indirect(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

func readsText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

func readsJSON(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[json.UnmarshalerFrom]())
}

// isBytes is a slice of bytes, which JSON and words hold as one text.
func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

func isList(t reflect.Type) bool {
	return (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && !isBytes(t) && !readsText(t) && !readsJSON(t)
}

func isMap(t reflect.Type) bool {
	return t.Kind() == reflect.Map && !readsText(t) && !readsJSON(t)
}

func typeName(t reflect.Type) string {
	t = indirect(t)
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "duration"
	case t == reflect.TypeFor[time.Time]():
		return "time"
	case readsText(t):
		return "text"
	case readsJSON(t):
		return "JSON"
	case isList(t):
		return "list of " + typeName(t.Elem())
	case isMap(t):
		return "map of " + typeName(t.Elem())
	}
	return kindName(t)
}

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "int"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "uint"
	case reflect.Float32, reflect.Float64:
		return "float"
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	}
	if isBytes(t) {
		return "string"
	}
	return "JSON"
}
