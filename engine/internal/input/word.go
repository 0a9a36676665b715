package input

import (
	"encoding"
	"encoding/json"
	"errors"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/durable-wf/wf/engine/internal/codec"
)

// setDefault sets v to the default of the tag. That of a list or map is one word, or several
// separated by commas, or JSON.
func (e *entry) setDefault(v reflect.Value) error {
	if !e.Repeated {
		return setWords(v, []string{e.Default})
	}
	if strings.HasPrefix(e.Default, "[") || strings.HasPrefix(e.Default, "{") {
		return setJSON(v, []byte(e.Default))
	}
	return setWords(v, strings.Split(e.Default, ","))
}

// setWords sets v to what the words of one flag say.
func setWords(v reflect.Value, words []string) error {
	v = alloc(v)
	switch t := v.Type(); {
	case isList(t):
		return setList(v, words)
	case isMap(t):
		return setMap(v, words)
	case len(words) > 1:
		return problemf("is given %d times, but takes one value", len(words))
	}
	return setWord(v, words[0])
}

func setList(v reflect.Value, words []string) error {
	if v.Kind() == reflect.Slice {
		v.Set(reflect.MakeSlice(v.Type(), len(words), len(words)))
	}
	if len(words) != v.Len() {
		return problemf("takes exactly %d values, not %d", v.Len(), len(words))
	}
	for i, word := range words {
		if err := setWord(alloc(v.Index(i)), word); err != nil {
			return err
		}
	}
	return nil
}

func setMap(v reflect.Value, words []string) error {
	t := v.Type()
	v.Set(reflect.MakeMap(t))
	for _, word := range words {
		name, text, ok := strings.Cut(word, "=")
		if !ok {
			return problemf("%q needs the form key=value", word)
		}
		key, item := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		if err := setWord(alloc(key), name); err != nil {
			return err
		}
		if v.MapIndex(key).IsValid() {
			return problemf("the key %q is given twice", name)
		}
		if err := setWord(alloc(item), text); err != nil {
			return err
		}
		v.SetMapIndex(key, item)
	}
	return nil
}

// setWord sets v, which is no pointer, to what one word says.
func setWord(v reflect.Value, word string) error {
	target := v.Addr().Interface()
	if d, ok := target.(*time.Duration); ok {
		return setDuration(d, word)
	}
	if text, ok := target.(encoding.TextUnmarshaler); ok {
		return setSelf(word, func(s string) error { return text.UnmarshalText([]byte(s)) })
	}
	if readsJSON(v.Type()) {
		return setSelf(word, func(s string) error { return decode(wordJSON(s), target) })
	}
	switch kindName(v.Type()) {
	case "int":
		return setInt(v, word)
	case "uint":
		return setUint(v, word)
	case "float":
		return setFloat(v, word)
	case "bool":
		return setBool(v, word)
	case "string":
		if v.Kind() == reflect.Slice {
			v.SetBytes([]byte(word))
		} else {
			v.SetString(word)
		}
		return nil
	}
	if !json.Valid([]byte(word)) {
		return problemf("%q is not JSON", word)
	}
	return setJSON(v, []byte(word))
}

// setSelf lets a type read its own text. One that stands for integers need not know 1e30 or 0x10.
func setSelf(word string, read func(string) error) error {
	err := read(word)
	if err == nil {
		return nil
	}
	if digits, ok := wholeNumber(word); ok && read(digits) == nil {
		return nil
	}
	if inner, ok := errors.AsType[*codec.Error](err); ok && inner.Err != nil {
		err = rootCause(inner.Err)
	}
	return problemf("%q does not fit: %v", word, err)
}

// rootCause returns what the type itself said.
func rootCause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// wordJSON returns the word as JSON text: itself if it is, else as a string.
func wordJSON(word string) []byte {
	if json.Valid([]byte(word)) {
		return []byte(word)
	}
	return []byte(strconv.Quote(word))
}

func setDuration(d *time.Duration, word string) error {
	parsed, err := time.ParseDuration(word)
	if err != nil {
		return problemf("%q is not a duration such as 1h30m or 250ms", word)
	}
	*d = parsed
	return nil
}

func setBool(v reflect.Value, word string) error {
	b, err := strconv.ParseBool(word)
	if err != nil {
		return problemf("%q is neither true nor false", word)
	}
	v.SetBool(b)
	return nil
}

// grouped finds underscores between digits, as in 1_000.
var grouped = regexp.MustCompile(`([0-9])_([0-9])`)

func setFloat(v reflect.Value, word string) error {
	bits := v.Type().Bits()
	f, err := strconv.ParseFloat(ungroup(word), bits)
	if errors.Is(err, strconv.ErrRange) {
		return problemf("%s does not fit in a number of %d bits", word, bits)
	}
	if err != nil {
		return problemf("%q is not a number", word)
	}
	v.SetFloat(f)
	return nil
}

// ungroup drops the underscores between digits; twice, since matches do not overlap in 1_0_0.
func ungroup(word string) string {
	for range 2 {
		word = grouped.ReplaceAllString(word, "$1$2")
	}
	return word
}

func decode(text []byte, target any) error {
	return codec.Decode(codec.Payload{Codec: string(codec.JSON), Data: text}, target)
}
