package export

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// class is what a JSON value can be in a column or an array.
type class int

const (
	null    class = iota
	whole         // a number that is an int64 and written like one
	real          // any other number that a float64 holds
	special       // the strings for NaN and the infinities
	boolean
	text
	other // an object, a list, or a number too large
)

// exact is the largest integer up to which a float64 holds all.
const exact = 1 << 53

// classify tells what raw, a valid JSON value without space around it, is, and gives it as a column's value.
func classify(raw []byte) (class, any) {
	switch raw[0] {
	case 'n':
		return null, nil
	case 't', 'f':
		return boolean, raw[0] == 't'
	case '"':
		s, err := jsontext.AppendUnquote(nil, raw)
		if err != nil {
			return other, json.RawMessage(raw)
		}
		if f, ok := nonFinite(string(s)); ok {
			return special, f
		}
		return text, string(s)
	case '{', '[':
		return other, json.RawMessage(raw)
	}
	if bytes.ContainsAny(raw, ".eE") || string(raw) == "-0" {
		if f, err := strconv.ParseFloat(string(raw), 64); err == nil {
			return real, f
		}
	} else if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return whole, n
	}
	return other, json.RawMessage(raw)
}

// nonFinite reads what the engine writes for floats that JSON does not know.
func nonFinite(s string) (float64, bool) {
	switch s {
	case "NaN":
		return math.NaN(), true
	case "Infinity":
		return math.Inf(1), true
	case "-Infinity":
		return math.Inf(-1), true
	}
	return 0, false
}

// finiteOr writes a float as the engine does: what JSON does not know as a string.
func finiteOr(f float64) any {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return f
}

// inference finds the kind of a column by its values.
type inference struct {
	seen [other + 1]bool
	wide bool // an integer that no float64 holds
}

func (in *inference) add(raw []byte) {
	c, v := classify(raw)
	in.seen[c] = true
	if n, ok := v.(int64); ok && (n > exact || n < -exact) {
		in.wide = true
	}
}

// kind is the narrowest kind that holds all values, JSON if there is no other.
func (in *inference) kind() Kind {
	s := &in.seen
	number := s[whole] || s[real] || s[special]
	switch {
	case s[other]:
		return JSON
	case s[text] && !s[whole] && !s[real] && !s[boolean]:
		return Text
	case s[boolean] && !number && !s[text]:
		return Bool
	case number && !s[boolean] && !s[text] && !s[real] && !s[special]:
		return Int
	case number && !s[boolean] && !s[text] && !(in.wide && s[whole]):
		return Float
	case !number && !s[boolean] && !s[text]:
		return Text // nothing but nulls
	}
	return JSON
}

// value makes raw a value of the kind that was inferred from it and others.
func (k Kind) value(raw []byte) any {
	c, v := classify(raw)
	switch {
	case c == null:
		return nil
	case k == JSON:
		return json.RawMessage(raw)
	case k == Float && c == whole:
		return float64(v.(int64))
	case k == Text && c == special:
		s, _ := jsontext.AppendUnquote(nil, raw)
		return string(s)
	}
	return v
}
