package export

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// TimeLayout is how times are written as text: RFC 3339 in UTC with all six digits of the microseconds, so
// that they sort as texts do.
const TimeLayout = "2006-01-02T15:04:05.000000Z"

// appendJSON appends the value of a row, an array or an attribute as JSON.
func appendJSON(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case json.RawMessage:
		return append(b, v...), nil
	case string:
		return jsontext.AppendQuote(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case float64:
		if s, special := finiteOr(v).(string); special {
			return jsontext.AppendQuote(b, s)
		}
		return appendFloat(b, v), nil
	}
	if t, ok := v.(time.Time); ok {
		return jsontext.AppendQuote(b, Plain(t))
	}
	return strconv.AppendBool(b, v == true), nil
}

// appendFloat appends the shortest decimal that is f, such that a reader can tell it from an integer.
func appendFloat(b []byte, f float64) []byte {
	at := len(b)
	b = strconv.AppendFloat(b, f, 'g', -1, 64)
	for _, c := range b[at:] {
		if c == '.' || c == 'e' {
			return b
		}
	}
	return append(b, ".0"...)
}

// Plain is a value as plain text: nothing for nil, numbers with all their digits, times in TimeLayout, texts
// and JSON as they are.
func Plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.RawMessage:
		return string(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return v.UTC().Format(TimeLayout)
	case float64:
		if s, special := finiteOr(v).(string); special {
			return s
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return ""
}
