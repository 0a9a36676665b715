package codec

import (
	"bytes"
	"fmt"
	"reflect"

	"github.com/go-json-experiment/json"
)

// Check returns all faults of t by which a value of it would not come back as it was stored: fields
// that are not written, kinds that cannot be read, names that collide. Each error, of type *Error,
// names the path by Go names ("Order.Items[].cache"). Types that marshal themselves (a pair of JSON
// or text methods) and fields tagged json:"-" are trusted.
func Check(t reflect.Type) []error {
	if t == nil {
		return []error{&Error{Problem: "no type to store"}}
	}
	c := checker{seen: map[reflect.Type]bool{}}
	c.value(t.String(), t)
	return c.faults
}

type checker struct {
	seen   map[reflect.Type]bool // composites already checked: a tree ends, and a fault is told once
	faults []error
}

func (c *checker) fault(path, format string, args ...any) {
	c.faults = append(c.faults, &Error{Path: path, Problem: fmt.Sprintf(format, args...)})
}

func (c *checker) value(path string, t reflect.Type) {
	if m := methodsOf(t); m.writes() || m.reads() {
		c.self(path, t, m)
		return
	}
	if t.Name() != "" {
		if c.seen[t] {
			return
		}
		c.seen[t] = isComposite(t)
	}
	switch t.Kind() {
	case reflect.Struct:
		c.structure(path, t)
	case reflect.Pointer:
		c.pointer(path, t)
	case reflect.Slice, reflect.Array:
		c.value(path+"[]", t.Elem())
	case reflect.Map:
		c.key(path, t.Key())
		c.value(path+"[]", t.Elem())
	case reflect.Interface:
		c.fault(path, "an interface (%v) is not read back as what was stored; use a concrete type", t)
	case reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Uintptr, reflect.Complex64, reflect.Complex128:
		c.fault(path, `a %v cannot be stored; tag it json:"-" if it is derived`, t.Kind())
	}
}

// self checks a type that marshals itself.
func (c *checker) self(path string, t reflect.Type, m methods) {
	switch {
	case t.Kind() == reflect.Interface:
		c.fault(path, "an interface (%v) is not read back as what was stored; use a concrete type", t)
	case !m.paired():
		c.fault(path, "%v has a method to marshal itself without its counterpart to unmarshal, or the reverse", t)
	case t.Kind() == reflect.Struct && promotes(t):
		c.fault(path, "%v takes the marshal method of a struct that it embeds, which ignores its other fields; give the embedded field a name", t)
	}
}

// promotes reports whether t owes its marshal method to an embedded field and has other fields. A
// promoted method writes the embedded value and no more, so both give the same text.
func promotes(t reflect.Type) bool {
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.Anonymous || t.NumField() == 1 {
			continue
		}
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Interface || !methodsOf(inner).writes() {
			continue
		}
		outer := reflect.New(t)
		if f.Type.Kind() == reflect.Pointer && f.IsExported() {
			outer.Elem().Field(i).Set(reflect.New(inner)) // its methods may not bear nil
		}
		whole, err := marshalProbe(outer.Interface())
		part, partErr := marshalProbe(reflect.New(inner).Interface())
		if err == nil && partErr == nil && bytes.Equal(whole, part) {
			return true
		}
	}
	return false
}

// marshalProbe marshals a zero value, on which a foreign method may panic.
func marshalProbe(v any) (data []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return json.Marshal(v, plainJSON)
}

func (c *checker) pointer(path string, t reflect.Type) {
	switch t.Elem().Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		if !methodsOf(t.Elem()).writes() {
			c.fault(path, "a %v that points to nil comes back as nil; drop one level", t)
			return
		}
	}
	c.value(path, t.Elem())
}

func (c *checker) key(path string, t reflect.Type) {
	m := methodsOf(t)
	if m.marshalText && m.unmarshalText {
		return
	}
	switch t.Kind() {
	case reflect.String,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if !m.writes() && !m.reads() {
			return
		}
	}
	c.fault(path, "a map key must be a string, an integer or have text methods, not %v", t)
}

// isComposite reports whether t has parts of which one may be a t again.
func isComposite(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct, reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return true
	}
	return false
}

func (c *checker) structure(path string, t reflect.Type) {
	before := len(c.faults)
	c.fields(path, t)
	c.names(path, t)
	if len(c.faults) == before {
		c.library(path, t)
	}
}

// embedded checks the fields of a struct that t embeds; a struct may embed itself by a pointer.
func (c *checker) embedded(path string, t reflect.Type) {
	if !c.seen[t] {
		c.seen[t] = true
		c.fields(path, t)
	}
}

func (c *checker) fields(path string, t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		at := path + "." + f.Name
		switch inner := embedded(f); {
		case f.Tag.Get("json") == "-" || f.Name == "_":
		case inner != nil && f.Type.Kind() == reflect.Pointer && !f.IsExported():
			c.fault(at, "an embedded pointer to an unexported struct cannot be read back")
		case inner != nil && methodsOf(inner).writes():
			c.fault(at, "an embedded struct that marshals itself needs a JSON name")
		case f.Anonymous && (isTypedArray(f.Type) || f.Type.Kind() == reflect.Pointer && isTypedArray(f.Type.Elem())):
			c.fault(at, "the struct takes the marshal method of the array that it embeds; give the field a name")
		case inner != nil:
			c.embedded(at, inner)
		case !f.IsExported():
			c.fault(at, `an unexported field is not stored; export it, or tag it json:"-" if it is derived`)
		case hasOption(f.Tag, "omitempty") && f.Type.Kind() == reflect.Pointer:
			c.fault(at, "omitempty drops a pointer to an empty value; use omitzero")
		case hasOption(f.Tag, "embed") || hasOption(f.Tag, "inline"):
			c.fault(at, "embed a struct by Go embedding, not by a tag")
		default:
			c.value(at, f.Type)
		}
	}
}

// names finds fields that hide each other; of such, at most one is stored.
func (c *checker) names(path string, t reflect.Type) {
	first := map[string]string{}
	for _, f := range Fields(t) {
		if other, taken := first[f.Name]; taken {
			c.fault(path+"."+f.GoName, "the JSON name %q is also that of field %s", f.Name, other)
			continue
		}
		first[f.Name] = f.GoName
	}
}

// library lets the JSON library judge a struct in which nothing else was found, such as its tags.
func (c *checker) library(path string, t reflect.Type) {
	data, err := marshalProbe(reflect.New(t).Interface())
	if err == nil {
		err = json.Unmarshal(data, reflect.New(t).Interface(), decodeJSON)
	}
	if err != nil {
		c.fault(path, "%v", err)
	}
}
