package numpy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/durable-wf/wf/export"
)

// Array makes an array of its elements in data. If columnMajor is set, the first index runs fastest there. Integers
// become int64, unsigned ones of 8 bits bytes, floats of 16 bits float64, times texts in RFC 3339.
func (t DType) Array(name string, dims []int, columnMajor bool, data []byte) (*export.Array, error) {
	n, err := Count(dims)
	if err != nil {
		return nil, err
	}
	if t.Size > 0 && n > maxInt/t.Size || len(data) != n*t.Size {
		return nil, fmt.Errorf("dimensions %v do not fit %d bytes of data", dims, len(data))
	}
	if columnMajor && len(dims) > 1 {
		data = rowMajor(data, dims, t.Size)
	}
	values, err := t.values(n, 0, t.Size, data)
	if err != nil {
		return nil, err
	}
	return &export.Array{Name: name, Dims: dims, Data: values}, nil
}

const maxInt = int(^uint(0) >> 1)

// rowMajor returns the elements in the order in which the last index runs fastest.
func rowMajor(data []byte, dims []int, size int) []byte {
	out := make([]byte, 0, len(data))
	index := make([]int, len(dims))
	for len(out) < len(data) {
		at := 0
		for i := len(dims) - 1; i >= 0; i-- {
			at = at*dims[i] + index[i]
		}
		out = append(out, data[at*size:(at+1)*size]...)
		for i := len(dims) - 1; i >= 0; i-- {
			if index[i]++; index[i] < dims[i] {
				break
			}
			index[i] = 0
		}
	}
	return out
}

// values returns n values that lie stride bytes apart, the first at offset.
func (t DType) values(n, offset, stride int, data []byte) (any, error) {
	at := func(i int) []byte { return data[i*stride+offset : i*stride+offset+t.Size] }
	switch t.Kind {
	case 'b':
		return collect(n, func(i int) (bool, error) { return at(i)[0] != 0, nil })
	case 'u':
		if t.Size == 1 {
			return collect(n, func(i int) (byte, error) { return at(i)[0], nil })
		}
		return collect(n, func(i int) (int64, error) { return t.unsigned(at(i)) })
	case 'i':
		return collect(n, func(i int) (int64, error) { return t.signed(at(i)), nil })
	case 'f':
		if t.Size == 4 {
			return collect(n, func(i int) (float32, error) { return math.Float32frombits(uint32(t.bits(at(i)))), nil })
		}
		return collect(n, func(i int) (float64, error) { return t.float(at(i)), nil })
	case 'U', 'S', 'T':
		return collect(n, func(i int) (string, error) { return t.text(at(i)) })
	case 'M':
		return collect(n, func(i int) (string, error) {
			at, there, err := t.time(at(i))
			if err != nil || !there {
				return "", err
			}
			return at.Format("2006-01-02T15:04:05.999999999Z07:00"), nil
		})
	}
	return nil, errors.New("holds records where an array was expected")
}

func collect[T any](n int, value func(i int) (T, error)) ([]T, error) {
	values := make([]T, n)
	for i := range values {
		v, err := value(i)
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		values[i] = v
	}
	return values, nil
}

// bits returns the bytes of a number as the low bits of an integer.
func (t DType) bits(b []byte) uint64 {
	var x uint64
	for i := range b {
		if t.Big {
			x = x<<8 | uint64(b[i])
		} else {
			x |= uint64(b[i]) << (8 * i)
		}
	}
	return x
}

func (t DType) signed(b []byte) int64 {
	shift := 64 - 8*len(b)
	return int64(t.bits(b)<<shift) >> shift
}

func (t DType) unsigned(b []byte) (int64, error) {
	x := t.bits(b)
	if x > math.MaxInt64 {
		return 0, fmt.Errorf("%d is larger than an int64", x)
	}
	return int64(x), nil
}

func (t DType) float(b []byte) float64 {
	x := t.bits(b)
	if len(b) == 8 {
		return math.Float64frombits(x)
	}
	return half(uint16(x))
}

// half returns the value of an IEEE 754 number of 16 bits.
func half(x uint16) float64 {
	sign, exponent, mantissa := uint64(x>>15), int(x>>10&0x1f), uint64(x&0x3ff)
	switch exponent {
	case 0:
		return math.Copysign(math.Ldexp(float64(mantissa), -24), 1-2*float64(sign))
	case 0x1f:
		return math.Float64frombits(sign<<63 | 0x7ff<<52 | mantissa<<42)
	}
	return math.Copysign(math.Ldexp(float64(mantissa|0x400), exponent-25), 1-2*float64(sign))
}

// text reads UTF-32 or UTF-8, filled up with zeros.
func (t DType) text(b []byte) (string, error) {
	if t.Kind == 'T' {
		return t.Text(b)
	}
	if t.Kind == 'S' {
		s := strings.TrimRight(string(b), "\x00")
		if !utf8.ValidString(s) {
			return "", errors.New("bytes are no text in UTF-8")
		}
		return s, nil
	}
	var s strings.Builder
	for ; len(b) >= 4; b = b[4:] {
		r := binary.LittleEndian.Uint32(b)
		if t.Big {
			r = binary.BigEndian.Uint32(b)
		}
		if r > utf8.MaxRune || !utf8.ValidRune(rune(r)) {
			return "", fmt.Errorf("%#x is no character", r)
		}
		s.WriteRune(rune(r))
	}
	return strings.TrimRight(s.String(), "\x00"), nil
}

func float32Of(bits uint64) float64 { return float64(math.Float32frombits(uint32(bits))) }
