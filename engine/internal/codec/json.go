package codec

import (
	"encoding"
	"errors"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// The library is the reference of Go's encoding/json/v2, which is already strict about duplicate
// names, letter case, invalid UTF-8 and array lengths.
var ( //nolint:gochecknoglobals // immutable options
	plainJSON = json.JoinOptions(
		json.RejectUnknownMembers(true),
		json.Deterministic(true),
		json.FormatNilSliceAsNull(true), // nil and empty are different values
		json.FormatNilMapAsNull(true),
		jsonv1.FormatDurationAsNano(true),
	)
	encodeJSON = json.JoinOptions(plainJSON, json.WithMarshalers(json.MarshalToFunc(encodeNonFinite)))
	renderJSON = json.JoinOptions(encodeJSON, jsontext.AllowInvalidUTF8(true)) // for reading only
	decodeJSON = json.JoinOptions(plainJSON, json.WithUnmarshalers(json.UnmarshalFromFunc(decodeSpecial)))
)

// errNotMine leaves a value to the library.
var errNotMine = errors.ErrUnsupported

// marshalJSON tries without the hook first: it doubles the time, and few states hold a NaN.
func marshalJSON(v any) ([]byte, error) {
	data, err := json.Marshal(v, plainJSON)
	if err == nil {
		return data, nil
	}
	data, err = json.Marshal(v, encodeJSON)
	if err != nil {
		return nil, newError("encode", err)
	}
	return data, nil
}

func unmarshalJSON(data []byte, v any) error {
	if err := json.Unmarshal(data, v, decodeJSON); err != nil {
		return newError("decode", err)
	}
	return nil
}

// encodeNonFinite writes NaN and the infinities of every float type, named ones too. It is called
// with a pointer to each value of any type.
func encodeNonFinite(enc *jsontext.Encoder, v any) error {
	rv := reflect.ValueOf(v).Elem()
	if !isFloat(rv.Kind()) || selfMarshals(v) {
		return errNotMine
	}
	if f := rv.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
		return enc.WriteToken(jsontext.Float(f)) // the strings NaN, Infinity, -Infinity
	}
	return errNotMine
}

// decodeSpecial reads what the library has no option for. It is called with a pointer to each
// target of any type.
func decodeSpecial(dec *jsontext.Decoder, v any) error {
	kind := dec.PeekKind()
	switch {
	case kind == jsontext.KindNumber:
		if target, ok := v.(*any); ok {
			return decodeNumber(dec, target)
		}
	case kind == jsontext.KindString:
		if target, ok := v.(*time.Duration); ok {
			return decodeDuration(dec, target)
		}
		return decodeNonFinite(dec, v)
	case kind == jsontext.KindNull && !takesNull(v):
		return errNull{reflect.TypeOf(v).Elem()}
	}
	return errNotMine
}

// decodeNumber gives an untyped target an int64 or, beyond, a *big.Int for a whole number, and a
// float64 for a number with a fraction or an exponent.
func decodeNumber(dec *jsontext.Decoder, target *any) error {
	raw, err := dec.ReadValue()
	if err != nil {
		return err
	}
	text := string(raw)
	if strings.ContainsAny(text, ".eE") || text == "-0" {
		f, err := strconv.ParseFloat(text, 64)
		*target = f
		return err
	}
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		*target = i
		return nil
	}
	i, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return strconv.ErrSyntax
	}
	*target = i
	return nil
}

func decodeDuration(dec *jsontext.Decoder, target *time.Duration) error {
	token, err := dec.ReadToken()
	if err != nil {
		return err
	}
	if *target, err = time.ParseDuration(token.String()); err != nil {
		return &json.SemanticError{JSONKind: jsontext.KindString, GoType: durationType, Err: err}
	}
	return nil
}

func decodeNonFinite(dec *jsontext.Decoder, v any) error {
	rv := reflect.ValueOf(v).Elem()
	if !isFloat(rv.Kind()) || selfMarshals(v) {
		return errNotMine
	}
	raw, err := dec.ReadValue()
	if err != nil {
		return err
	}
	switch string(raw) {
	case `"NaN"`:
		rv.SetFloat(math.NaN())
	case `"Infinity"`:
		rv.SetFloat(math.Inf(1))
	case `"-Infinity"`:
		rv.SetFloat(math.Inf(-1))
	default:
		return &json.SemanticError{JSONKind: jsontext.KindString, GoType: rv.Type()}
	}
	return nil
}

// takesNull reports whether null is a value of what v points to. The library would read it as zero,
// so that a field changed from *int to int turned "unknown" into 0.
func takesNull(v any) bool {
	switch reflect.TypeOf(v).Elem().Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		return true
	}
	switch v.(type) {
	case json.Unmarshaler, json.UnmarshalerFrom: // it decides; a zero time.Time is null in CBOR
		return true
	}
	return false
}

func isFloat(k reflect.Kind) bool { return k == reflect.Float64 || k == reflect.Float32 }

// selfMarshals reports whether the pointer v has a method by which its value is written or read.
func selfMarshals(v any) bool {
	switch v.(type) {
	case json.Marshaler, json.MarshalerTo, encoding.TextMarshaler,
		json.Unmarshaler, json.UnmarshalerFrom, encoding.TextUnmarshaler:
		return true
	}
	return false
}
