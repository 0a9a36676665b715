// Package numpy understands NumPy's data types and the bytes of its arrays, as they stand in .npy files and in pickles.
// What it reads becomes arrays and tables of package export. It trusts nothing: a description that does not fit its
// data is an error.
package numpy

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// DType is a NumPy data type (numpy.dtype).
type DType struct {
	Kind   byte // b, i, u, f, U, S, M; V with Fields; T with Text
	Size   int  // bytes of an element
	Big    bool // the most significant byte is the first
	Unit   string
	Fields []Field
	Text   func(element []byte) (string, error) // reads a text that lies elsewhere, which NumPy itself has not
}

// Field is a part of a structured type.
type Field struct {
	Name   string
	Offset int
	Type   DType
}

// maxSize is the size of the largest element that is believed.
const maxSize = 1 << 30

// ParseType reads the description of a type that is not structured, such as "<f8", "|b1", "U5" or "<M8[us]".
func ParseType(text string) (DType, error) {
	rest := strings.TrimLeft(text, "<>=|")
	if rest == "" || len(text)-len(rest) > 1 {
		return DType{}, fmt.Errorf("%q is no NumPy type", text)
	}
	t := DType{Kind: rest[0], Big: text[0] == '>'}
	digits, unit, hasUnit := strings.Cut(rest[1:], "[")
	if hasUnit {
		t.Unit = strings.TrimSuffix(unit, "]")
	}
	size, err := strconv.ParseUint(digits, 10, 31)
	if t.Kind == '?' && digits == "" {
		t.Kind, size, err = 'b', 1, nil
	}
	if (err != nil || size == 0) && t.Kind != 'O' {
		return DType{}, fmt.Errorf("%q is no NumPy type", text)
	}
	t.Size = int(size)
	if t.Kind == 'U' {
		t.Size *= 4
	}
	if t.Size > maxSize {
		return DType{}, fmt.Errorf("%q is too large", text)
	}
	return t, t.check()
}

// check says what is to be done about types that have no place here.
func (t DType) check() error {
	known := ""
	switch t.Kind {
	case 'b':
		known = "1"
	case 'i', 'u':
		known = "1 2 4 8"
	case 'f':
		known = "2 4 8"
	case 'M':
		known = "8"
	case 'U', 'S':
		return nil
	case 'O':
		return errors.New("holds Python objects: save numbers, truth values or texts")
	case 'c':
		return errors.New("holds complex numbers: save the real and the imaginary part")
	case 'm':
		return errors.New("holds time differences: save them as numbers")
	}
	for size := range strings.FieldsSeq(known) {
		if size == strconv.Itoa(t.Size) {
			return nil
		}
	}
	return fmt.Errorf("holds elements of type %c%d, which are not understood: save int64, float64, bool or texts", t.Kind, t.Size)
}

// Count returns the number of elements that dims hold.
func Count(dims []int) (int, error) {
	const most = 1 << 48
	n, empty := 1, false
	for _, d := range dims {
		if d < 0 || d > most {
			return 0, fmt.Errorf("dimensions %v make no sense", dims)
		}
		if d == 0 {
			empty = true
			continue
		}
		if n > most/d {
			return 0, fmt.Errorf("dimensions %v make no sense", dims)
		}
		n *= d
	}
	const mostNothing = 1 << 24 // lists in lists that hold nothing take memory, too
	if empty && n > mostNothing {
		return 0, fmt.Errorf("dimensions %v make no sense", dims)
	}
	if empty {
		return 0, nil
	}
	return n, nil
}
