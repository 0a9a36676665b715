package codec

import (
	"encoding"
	"math/big"
	"reflect"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
)

var ( //nolint:gochecknoglobals // immutable
	jsonMarshaler    = reflect.TypeFor[json.Marshaler]()
	jsonMarshalerTo  = reflect.TypeFor[json.MarshalerTo]()
	jsonUnmarshaler  = reflect.TypeFor[json.Unmarshaler]()
	jsonUnmarshalerF = reflect.TypeFor[json.UnmarshalerFrom]()
	textMarshaler    = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler  = reflect.TypeFor[encoding.TextUnmarshaler]()
	timeType         = reflect.TypeFor[time.Time]()
	durationType     = reflect.TypeFor[time.Duration]()
	bigIntType       = reflect.TypeFor[big.Int]()
)

// methods says by which methods a type is written and read.
type methods struct {
	marshalJSON, unmarshalJSON bool
	marshalText, unmarshalText bool
}

func methodsOf(t reflect.Type) methods {
	p := reflect.PointerTo(t)
	return methods{
		marshalJSON:   p.Implements(jsonMarshaler) || p.Implements(jsonMarshalerTo),
		unmarshalJSON: p.Implements(jsonUnmarshaler) || p.Implements(jsonUnmarshalerF),
		marshalText:   p.Implements(textMarshaler),
		unmarshalText: p.Implements(textUnmarshaler),
	}
}

// writes and reads report whether the type has its own form, JSON first as in the JSON library.
func (m methods) writes() bool { return m.marshalJSON || m.marshalText }
func (m methods) reads() bool  { return m.unmarshalJSON || m.unmarshalText }

// paired reports whether what one method writes its counterpart reads.
func (m methods) paired() bool {
	return m.marshalJSON == m.unmarshalJSON && (m.marshalJSON || m.marshalText == m.unmarshalText)
}

// cborCapable reports whether the CBOR library handles values of t on its own. It does not find
// cycles of pointers but overflows the stack, and of a type that marshals itself both to JSON and to
// text it writes the text and reads it as JSON. Such values are stored as JSON within CBOR.
func cborCapable(t reflect.Type) bool {
	if known, ok := capable.Load(t); ok {
		return known.(bool)
	}
	ok := walkCapable(t, map[reflect.Type]bool{})
	capable.Store(t, ok)
	return ok
}

// capable caches cborCapable by reflect.Type; types are few and never go.
var capable sync.Map //nolint:gochecknoglobals // a cache of facts that never change

func walkCapable(t reflect.Type, above map[reflect.Type]bool) bool {
	if t == timeType || t == bigIntType {
		return true
	}
	if above[t] {
		return false
	}
	above[t] = true
	defer delete(above, t)
	if m := methodsOf(t); m.writes() || m.reads() {
		return !(m.marshalJSON && m.marshalText)
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return walkCapable(t.Elem(), above)
	case reflect.Map:
		return walkCapable(t.Key(), above) && walkCapable(t.Elem(), above)
	case reflect.Struct:
		for _, f := range Fields(t) {
			if !walkCapable(f.Type, above) {
				return false
			}
		}
	}
	return true
}
