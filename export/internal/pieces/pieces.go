// Package pieces turns long lists of numbers into bytes a piece at a time, so that an array of a gigabyte needs
// no second one.
package pieces

import (
	"encoding/binary"
	"iter"
	"slices"
)

const length = 8 << 10 // of a piece, in elements

// Of yields data encoded piece by piece, in a buffer that the next piece overwrites, up to the first error of
// encode, which appends a piece to what it is given.
func Of[T any](data []T, encode func([]byte, []T) ([]byte, error)) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var buf []byte
		for part := range slices.Chunk(data, length) {
			var err error
			buf, err = encode(buf[:0], part)
			if !yield(buf, err) || err != nil {
				return
			}
		}
	}
}

// OfNumbers is Of for a list of numbers of a fixed size or of truth values, little-endian. The bool is false for any
// other list.
func OfNumbers(data any) (iter.Seq2[[]byte, error], bool) {
	switch v := data.(type) {
	case []float64:
		return Of(v, appendNumbers), true
	case []float32:
		return Of(v, appendNumbers), true
	case []int64:
		return Of(v, appendNumbers), true
	case []bool:
		return Of(v, appendNumbers), true
	case []byte:
		return Of(v, appendNumbers), true
	}
	return nil, false
}

func appendNumbers[T any](b []byte, part []T) ([]byte, error) {
	return binary.Append(b, binary.LittleEndian, part)
}
