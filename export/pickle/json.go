package pickle

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

const (
	maxDepth  = 200     // of values in values
	maxValues = 1 << 26 // in all: a small pickle may refer to one list again and again
)

var (
	errDepth  = errors.New("values lie in each other more than 200 deep, or in themselves")
	errBudget = errors.New("holds too many values")
)

// writer writes Python values as JSON.
type writer struct {
	buf    []byte
	budget int // values that may still come
}

func (w *writer) value(value any, depth int) error {
	if depth > maxDepth {
		return errDepth
	}
	if w.budget--; w.budget < 0 {
		return errBudget
	}
	switch v := value.(type) {
	case nil:
		w.buf = append(w.buf, "null"...)
	case bool:
		w.buf = strconv.AppendBool(w.buf, v)
	case int64:
		w.buf = strconv.AppendInt(w.buf, v, 10)
	case *big.Int:
		w.buf = v.Append(w.buf, 10)
	case float64:
		w.float(v)
	case string:
		return w.text(v)
	case []byte:
		return w.text(base64.StdEncoding.EncodeToString(v))
	case time.Duration:
		w.float(v.Seconds())
	case *time.Location:
		return w.text(v.String())
	case class:
		return w.text(v.module + "." + v.name)
	case tuple:
		return w.list(v, depth)
	case *list:
		return w.list(v.items, depth)
	case *dict:
		return w.dict(v, depth)
	case *object:
		return w.dict(v.members(), depth)
	case *ndarray:
		return w.array(v)
	default:
		return fmt.Errorf("a %T has no value", value)
	}
	return nil
}

// float writes what JSON does not know as the engine does, as a text, and whole numbers with a fraction: they are floats.
func (w *writer) float(f float64) {
	switch {
	case math.IsNaN(f):
		w.buf = append(w.buf, `"NaN"`...)
	case math.IsInf(f, 1):
		w.buf = append(w.buf, `"Infinity"`...)
	case math.IsInf(f, -1):
		w.buf = append(w.buf, `"-Infinity"`...)
	default:
		text := strconv.FormatFloat(f, 'g', -1, 64)
		if !strings.ContainsAny(text, ".e") {
			text += ".0"
		}
		w.buf = append(w.buf, text...)
	}
}

func (w *writer) text(s string) error {
	b, err := json.Marshal(s)
	w.buf = append(w.buf, b...)
	return err
}

func (w *writer) list(items []any, depth int) error {
	w.buf = append(w.buf, '[')
	for i, v := range items {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		if err := w.value(v, depth+1); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, ']')
	return nil
}

// dict writes the last value of each key, as Python keeps it.
func (w *writer) dict(d *dict, depth int) error {
	last := make(map[string]int, len(d.keys))
	names := make([]string, len(d.keys))
	for i, key := range d.keys {
		name, err := keyText(key)
		if err != nil {
			return err
		}
		names[i], last[name] = name, i
	}
	w.buf = append(w.buf, '{')
	first := true
	for i, name := range names {
		if last[name] != i {
			continue
		}
		if !first {
			w.buf = append(w.buf, ',')
		}
		first = false
		if err := w.text(name); err != nil {
			return err
		}
		w.buf = append(w.buf, ':')
		if err := w.value(d.values[i], depth+1); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, '}')
	return nil
}

// array writes an array of NumPy within a list or an object as lists.
func (w *writer) array(a *ndarray) error {
	made, err := a.dtype.Array("", a.dims, a.columnMajor, a.data)
	if err != nil {
		return err
	}
	at := 0
	var nested func(dims []int) error
	nested = func(dims []int) error {
		if w.budget--; w.budget < 0 {
			return errBudget
		}
		if len(dims) == 0 {
			at++
			return w.value(made.At(at-1), 0)
		}
		w.buf = append(w.buf, '[')
		for i := range dims[0] {
			if i > 0 {
				w.buf = append(w.buf, ',')
			}
			if err := nested(dims[1:]); err != nil {
				return err
			}
		}
		w.buf = append(w.buf, ']')
		return nil
	}
	return nested(a.dims)
}

// members describes an object that is not built.
func (o *object) members() *dict {
	d := &dict{keys: []any{"class"}, values: []any{o.class}}
	put := func(name string, v any, there bool) {
		if there {
			d.keys, d.values = append(d.keys, name), append(d.values, v)
		}
	}
	put("args", o.args, len(o.args) > 0)
	put("state", o.state, o.state != nil)
	put("items", &o.items, len(o.items.items) > 0)
	put("dict", &o.pairs, len(o.pairs.keys) > 0)
	return d
}

// keyText is a key of a dict as the name of a member.
func keyText(key any) (string, error) {
	if s, ok := key.(string); ok {
		return s, nil
	}
	w := writer{budget: 1000}
	if err := w.value(key, maxDepth-10); err != nil {
		return "", fmt.Errorf("a key of a dict: %w", err)
	}
	return strings.Trim(string(w.buf), `"`), nil
}
