// Package codec turns the states, inputs, results and recorded values of runs into bytes and back.
//
// Decoding is strict, since a state that is half understood would go on as a wrong one: a stored
// field that the Go type does not have, a value of another kind, a duplicate name and trailing data
// are errors that name the path. Only a field that is new in the Go type is compatible; it stays zero.
// Field names match case-sensitively.
//
// Nothing is rounded on the way. Integers never pass through float64, NaN and the infinities are the
// JSON strings "NaN", "Infinity" and "-Infinity", a nil slice or map stays nil, and a type that
// marshals itself keeps its own text in every format. A string that is not valid UTF-8 is an error
// in JSON, which cannot carry it, and exact in CBOR. In CBOR alone, a null is read as zero where the
// Go type has no nil: compare fingerprints to know that a type has changed.
//
// A target of type any gets an int64 or, beyond, a *big.Int for a whole number, a float64 for
// another one, []any, map[string]any, string, bool or nil, and from CBOR also []byte.
//
// Equal values encode to equal bytes. All functions are safe for concurrent use.
package codec

import (
	"errors"
	"fmt"
	"reflect"
)

// Format is an encoding of Go values.
type Format string

const (
	// JSON is readable by people and by SQLite's JSON functions.
	JSON Format = "json"
	// CBOR (RFC 8949) is smaller and faster for large arrays of numbers and for bytes.
	CBOR Format = "cbor"
)

// Encode returns v in format f, compressed where that pays if it is no larger than MaxInline. Its errors are of type *Error.
func Encode(f Format, v any) (Payload, error) {
	var data []byte
	var err error
	switch f {
	case JSON:
		data, err = marshalJSON(v)
	case CBOR:
		data, err = marshalCBOR(v)
	default:
		err = unknownCodec(string(f))
	}
	if err != nil {
		return Payload{}, err
	}
	return compress(f, data), nil
}

// Decode replaces what v, a non-nil pointer, points to by the value in p. On an error, which is of
// type *Error, it leaves the zero value there: nothing is half decoded.
func Decode(p Payload, v any) error {
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Pointer || rv.IsNil() {
		return &Error{Problem: fmt.Sprintf("cannot decode into %T, which is no pointer", v)}
	}
	f, data, err := p.open()
	if err != nil {
		return err
	}
	rv.Elem().SetZero()
	if f == CBOR {
		err = unmarshalCBOR(data, v)
	} else {
		err = unmarshalJSON(data, v)
	}
	if err != nil {
		rv.Elem().SetZero()
	}
	return err
}

func unknownCodec(name string) error {
	return &Error{Problem: fmt.Sprintf("codec %q is unknown to this program", name), Err: errors.ErrUnsupported}
}
