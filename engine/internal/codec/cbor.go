package codec

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"reflect"

	"github.com/fxamacker/cbor/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// tagJSON marks a byte string that holds JSON text (IANA tag 262). A type that marshals itself to
// JSON is kept so, since any other rendering could round a number of its own making.
const tagJSON = 262

// maxDepth is the nesting that the JSON library allows too.
const maxDepth = 10_000

//nolint:gochecknoglobals // immutable, and costly to make
var cborEncoder = must(cbor.EncOptions{
	Sort:                    cbor.SortCoreDeterministic,
	Time:                    cbor.TimeRFC3339Nano, // the default drops the fraction of a second
	BinaryMarshaler:         cbor.BinaryMarshalerNone,
	TextMarshaler:           cbor.TextMarshalerTextString,
	JSONMarshalerTranscoder: transcoder(wrapJSON),
}.EncMode())

var ( //nolint:gochecknoglobals // immutable, and costly to make
	cborDecoder  = must(decOptions(reflect.TypeFor[map[string]any]()).DecMode())
	cborRenderer = must(decOptions(reflect.TypeFor[map[any]any]()).DecMode())
)

// decOptions returns the options to decode; anyMap is the type that a map gets where the target is any.
func decOptions(anyMap reflect.Type) cbor.DecOptions {
	return cbor.DecOptions{
		DefaultMapType:            anyMap,
		DupMapKey:                 cbor.DupMapKeyEnforcedAPF,
		MaxNestedLevels:           maxDepth,
		MaxArrayElements:          math.MaxInt32,
		MaxMapPairs:               math.MaxInt32,
		IntDec:                    cbor.IntDecConvertSignedOrBigInt,
		BigIntDec:                 cbor.BigIntDecodePointer,
		ExtraReturnErrors:         cbor.ExtraDecErrorUnknownField,
		FieldNameMatching:         cbor.FieldNameMatchingCaseSensitive,
		UTF8:                      cbor.UTF8DecodeInvalid, // Go strings may hold any bytes; keep them
		BinaryUnmarshaler:         cbor.BinaryUnmarshalerNone,
		TextUnmarshaler:           cbor.TextUnmarshalerTextString,
		JSONUnmarshalerTranscoder: transcoder(unwrapJSON),
	}
}

func marshalCBOR(v any) ([]byte, error) {
	if t := reflect.TypeOf(v); t != nil && !cborCapable(t) {
		text, err := marshalJSON(v)
		if err != nil {
			return nil, err
		}
		v = cbor.Tag{Number: tagJSON, Content: text}
	}
	data, err := encodeCBOR(v)
	if err != nil {
		return nil, &Error{Problem: fmt.Sprintf("cannot encode: %v", err), Err: err}
	}
	return data, nil
}

func unmarshalCBOR(data []byte, v any) error {
	if len(data) > 0 && data[0]>>5 == majorTag {
		if text, err := embeddedJSON(data); err == nil {
			return unmarshalJSON(text, v)
		}
	}
	err := cborDecoder.Unmarshal(data, v)
	if err == nil {
		return nil
	}
	// The CBOR library names no paths. The same fault in JSON has one.
	if text, renderErr := cborToJSON(data); renderErr == nil {
		target := reflect.New(reflect.TypeOf(v).Elem())
		if pathErr := unmarshalJSON(text, target.Interface()); pathErr != nil {
			return pathErr
		}
	}
	return &Error{Problem: fmt.Sprintf("cannot decode: %v", err), Err: err}
}

// cborToJSON renders CBOR as the JSON codec would write the same value, but for the order of names.
func cborToJSON(data []byte) ([]byte, error) {
	plain, err := cborTree(data)
	if err != nil {
		return nil, err
	}
	// Without the hook first, as in marshalJSON.
	text, err := json.Marshal(plain, plainJSON, jsontext.AllowInvalidUTF8(true))
	if err == nil {
		return text, nil
	}
	if text, err = json.Marshal(plain, renderJSON); err != nil {
		return nil, newError("render", err)
	}
	return text, nil
}

// cborTree decodes for a reader that does not know the type.
func cborTree(data []byte) (any, error) {
	var v any
	if err := cborRenderer.Unmarshal(data, &v); err != nil {
		return nil, &Error{Problem: fmt.Sprintf("cannot decode: %v", err), Err: err}
	}
	return jsonable(v)
}

// jsonable replaces what JSON has no value for: names that are no strings, and embedded JSON.
func jsonable(v any) (any, error) {
	switch v := v.(type) {
	case []any:
		for i := range v {
			item, err := jsonable(v[i])
			if err != nil {
				return nil, err
			}
			v[i] = item
		}
		return v, nil
	case map[any]any:
		object := make(map[string]any, len(v))
		for name, value := range v {
			item, err := jsonable(value)
			if err != nil {
				return nil, err
			}
			object[fmt.Sprint(name)] = item
		}
		return object, nil
	case cbor.Tag:
		return jsonableTag(v)
	default:
		return v, nil
	}
}

func jsonableTag(v cbor.Tag) (any, error) {
	if content, ok := v.Content.([]byte); ok {
		if v.Number == tagJSON {
			return jsontext.Value(content), nil
		}
		if array, known, err := arrayOf(v.Number, content); known {
			return array, err
		}
	}
	return nil, &Error{Problem: fmt.Sprintf("cannot decode: CBOR tag %d is unknown", v.Number)}
}

// transcoder adapts a function to cbor.Transcoder.
type transcoder func(dst io.Writer, src io.Reader) error

// Transcode calls f.
func (f transcoder) Transcode(dst io.Writer, src io.Reader) error { return f(dst, src) }

func wrapJSON(dst io.Writer, src io.Reader) error {
	text, err := io.ReadAll(src)
	if err != nil {
		return err
	}
	return cbor.NewEncoder(dst).Encode(cbor.Tag{Number: tagJSON, Content: text})
}

var errNotJSON = errors.New("the type marshals itself to JSON, the stored value is none")

func unwrapJSON(dst io.Writer, src io.Reader) error {
	data, err := io.ReadAll(src)
	if err != nil {
		return err
	}
	text, err := embeddedJSON(data)
	if err != nil {
		text, err = integerJSON(data)
	}
	if err != nil {
		return err
	}
	_, err = dst.Write(text)
	return err
}

// embeddedJSON returns the JSON text of data if data is nothing but that.
func embeddedJSON(data []byte) ([]byte, error) {
	var tag cbor.RawTag
	var text []byte
	if err := cbor.Unmarshal(data, &tag); err != nil || tag.Number != tagJSON {
		return nil, errNotJSON
	}
	if err := cbor.Unmarshal(tag.Content, &text); err != nil {
		return nil, errNotJSON
	}
	return text, nil
}

// integerJSON returns the text of a CBOR integer of any size, which is how a big.Int is stored.
func integerJSON(data []byte) ([]byte, error) {
	i := new(big.Int)
	if err := cbor.Unmarshal(data, &i); err != nil || i == nil {
		return nil, errNotJSON
	}
	return i.Append(nil, 10), nil
}

// must unwraps the result of constant options, which cannot be wrong.
func must[T any](mode T, err error) T {
	if err != nil {
		panic(err)
	}
	return mode
}
