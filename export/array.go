package export

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// arrayOf makes an array of a JSON list in one pass, nil if it is none: if the lists in it are not of equal
// length, or their values of one type.
func arrayOf(raw []byte) *Array {
	b := arrayBuilder{dec: jsontext.NewDecoder(bytes.NewReader(raw)), depth: -1}
	if b.list(0) != nil {
		return nil
	}
	return &Array{Dims: b.dims, Data: b.data()}
}

// arrayBuilder collects the values of nested lists. One of its slices is used at a time.
type arrayBuilder struct {
	dec    *jsontext.Decoder
	dims   []int // -1 until the first list of its level has ended
	depth  int   // of the values; -1 until the first one
	ints   []int64
	floats []float64
	bools  []bool
	texts  []string
	plain  bool // floats holds a number that JSON knows
}

var errNoArray = errors.New("no array")

// list reads one list, whose values have level indices before their own.
func (b *arrayBuilder) list(level int) error {
	if _, err := b.dec.ReadToken(); err != nil {
		return err
	}
	if len(b.dims) == level {
		if b.depth >= 0 {
			return errNoArray // a list where others have values
		}
		b.dims = append(b.dims, -1)
	}
	n := 0
	for ; b.dec.PeekKind() != ']'; n++ {
		if err := b.item(level); err != nil {
			return err
		}
	}
	if b.dims[level] < 0 {
		b.dims[level] = n
	}
	if b.dims[level] != n {
		return errNoArray
	}
	_, err := b.dec.ReadToken()
	return err
}

func (b *arrayBuilder) item(level int) error {
	if b.dec.PeekKind() == '[' {
		return b.list(level + 1)
	}
	if b.depth < 0 {
		b.depth = level
	}
	if b.depth != level || len(b.dims) > level+1 {
		return errNoArray
	}
	value, err := b.dec.ReadValue()
	if err != nil {
		return err
	}
	return b.add(value)
}

// add appends a value and settles of which type all of them are.
func (b *arrayBuilder) add(raw []byte) error {
	c, v := classify(raw)
	switch c {
	case whole:
		return b.addInt(v.(int64))
	case real, special:
		if c == special && b.texts != nil {
			b.texts = append(b.texts, unquoted(raw))
			return nil
		}
		return b.addFloat(v.(float64), c == real)
	case boolean:
		if b.ints != nil || b.floats != nil || b.texts != nil {
			return errNoArray
		}
		b.bools = append(b.bools, v.(bool))
		return nil
	case text:
		return b.addText(v.(string))
	default:
		return errNoArray
	}
}

func (b *arrayBuilder) addInt(n int64) error {
	switch {
	case b.bools != nil || b.texts != nil:
		return errNoArray
	case b.floats == nil:
		b.ints = append(b.ints, n)
		return nil
	case n > exact || n < -exact:
		return errNoArray // a float would not be this number
	}
	b.floats, b.plain = append(b.floats, float64(n)), true
	return nil
}

func (b *arrayBuilder) addFloat(f float64, plain bool) error {
	if b.bools != nil || b.texts != nil {
		return errNoArray
	}
	for _, n := range b.ints {
		if n > exact || n < -exact {
			return errNoArray
		}
		b.floats, b.plain = append(b.floats, float64(n)), true
	}
	b.ints = nil
	b.floats, b.plain = append(b.floats, f), b.plain || plain
	return nil
}

func (b *arrayBuilder) addText(s string) error {
	if b.bools != nil || b.ints != nil || b.plain {
		return errNoArray
	}
	for _, f := range b.floats { // they were texts after all
		b.texts = append(b.texts, specialText(f))
	}
	b.floats = nil
	b.texts = append(b.texts, s)
	return nil
}

// data is what was collected; without a value, floats.
func (b *arrayBuilder) data() any {
	switch {
	case b.ints != nil:
		return b.ints
	case b.bools != nil:
		return b.bools
	case b.texts != nil:
		return b.texts
	case b.floats != nil:
		return b.floats
	}
	for level := range b.dims {
		b.dims[level] = max(b.dims[level], 0)
	}
	return []float64{}
}

func specialText(f float64) string {
	if s, ok := finiteOr(f).(string); ok {
		return s
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

func unquoted(raw []byte) string {
	s, _ := jsontext.AppendUnquote(nil, raw) // it was read before
	return string(s)
}
