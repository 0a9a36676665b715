package cli

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// timeLayout is RFC 3339 in UTC with microseconds, always all six digits, so that it sorts as text.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// humanLayout is how tables show a time, in UTC.
const humanLayout = "2006-01-02 15:04:05"

// encodeValue makes the JSON of a cell, see column.
func encodeValue(v any) (json.RawMessage, error) {
	switch v := v.(type) {
	case nil:
		return json.RawMessage("null"), nil
	case string:
		if isPlain(v) {
			return json.RawMessage(`"` + v + `"`), nil
		}
	case int64:
		return strconv.AppendInt(nil, v, 10), nil
	case json.RawMessage:
		return compact(v)
	case time.Time:
		if v.IsZero() {
			return json.RawMessage("null"), nil
		}
		return json.RawMessage(strconv.Quote(v.UTC().Format(timeLayout))), nil
	case time.Duration:
		return json.RawMessage(strconv.FormatInt(v.Microseconds(), 10)), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return json.RawMessage(strconv.Quote(floatText(v))), nil
		}
	}
	if s := reflect.ValueOf(v); s.Kind() == reflect.Slice && s.IsNil() {
		return json.RawMessage("[]"), nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// isPlain reports whether a text stands in JSON as it is, as nearly every one does.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// compact puts a JSON document on one line; an empty one is null.
func compact(doc json.RawMessage) (json.RawMessage, error) {
	if len(doc) == 0 {
		return json.RawMessage("null"), nil
	}
	var b bytes.Buffer
	if err := json.Compact(&b, doc); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// plainText is a cell of CSV: strings as they are, nothing for null, the rest as in JSON.
func plainText(v any) string {
	switch s := reflect.ValueOf(v); {
	case v == nil:
		return ""
	case s.Kind() == reflect.String:
		return s.String()
	}
	doc, err := encodeValue(v)
	if err != nil {
		return ""
	}
	return rawText(doc)
}

// humanText is a cell of a table.
func humanText(v any) string {
	switch v := v.(type) {
	case time.Time:
		if v.IsZero() {
			return ""
		}
		return v.UTC().Format(humanLayout)
	case time.Duration:
		return humanDuration(v)
	case float64:
		return floatText(v)
	}
	if s := reflect.ValueOf(v); s.Kind() == reflect.Slice && s.Type().Elem().Kind() == reflect.String {
		words := make([]string, s.Len())
		for i := range words {
			words[i] = s.Index(i).String()
		}
		return strings.Join(words, " ")
	}
	return plainText(v)
}

// rawText is a JSON value for people and pipes: a string without its quotes, nothing for null, the
// rest as one line of JSON.
func rawText(doc json.RawMessage) string {
	if doc, err := compact(doc); err == nil {
		var s *string
		if json.Unmarshal(doc, &s) != nil {
			return string(doc)
		}
		if s != nil {
			return *s
		}
	}
	return ""
}

// humanDuration shows a duration with about three digits; a negative one means none.
func humanDuration(d time.Duration) string {
	switch {
	case d < 0:
		return ""
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	case d < time.Second:
		return d.Round(10 * time.Microsecond).String()
	case d < time.Minute:
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

func floatText(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
