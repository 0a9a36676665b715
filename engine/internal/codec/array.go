package codec

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"unsafe"
)

// Floats is a slice of numbers for large states, as are Float32s and Ints. In CBOR each is one typed array
// (RFC 8746): its numbers as they lie in memory, little-endian, so that a hundred megabytes are encoded and
// decoded as fast as they are copied, and NaN keeps its bits. In JSON they are lists like those of any slice.
// From CBOR they also read the list that the plain slice was stored as; the plain slice does not read theirs.
type Floats []float64

// Float32s are Floats of 32 bits each.
type Float32s []float32

// Ints are Floats for integers of 64 bits.
type Ints []int64

// The tags of the typed arrays that this package writes and reads.
const (
	tagInts     = 79 // sint64, little-endian
	tagFloat32s = 85
	tagFloats   = 86
)

// The first bytes of CBOR items.
const (
	cborNull      = 0xf6
	cborUndefined = 0xf7
	cborTag8      = 0xd8 // a tag whose number is the byte that follows
	majorBytes    = 2    // major type, in the upper three bits
	majorList     = 4
	majorTag      = 6
)

// MarshalCBOR returns f as a typed array, or null if f is nil.
func (f Floats) MarshalCBOR() ([]byte, error) { return marshalArray(tagFloats, f), nil }

// MarshalCBOR returns f as a typed array, or null if f is nil.
func (f Float32s) MarshalCBOR() ([]byte, error) { return marshalArray(tagFloat32s, f), nil }

// MarshalCBOR returns i as a typed array, or null if i is nil.
func (i Ints) MarshalCBOR() ([]byte, error) { return marshalArray(tagInts, i), nil }

// UnmarshalCBOR replaces f by what data holds: a typed array of the same type, a list of numbers, or null.
func (f *Floats) UnmarshalCBOR(data []byte) (err error) {
	*f, err = unmarshalArray[float64](tagFloats, data)
	return err
}

// UnmarshalCBOR replaces f by what data holds: a typed array of the same type, a list of numbers, or null.
func (f *Float32s) UnmarshalCBOR(data []byte) (err error) {
	*f, err = unmarshalArray[float32](tagFloat32s, data)
	return err
}

// UnmarshalCBOR replaces i by what data holds: a typed array of the same type, a list of integers, or null.
func (i *Ints) UnmarshalCBOR(data []byte) (err error) {
	*i, err = unmarshalArray[int64](tagInts, data)
	return err
}

type number interface{ float64 | float32 | int64 }

func marshalArray[T number](tag byte, v []T) []byte {
	if v == nil {
		return []byte{cborNull}
	}
	content := memory(v)
	data := appendHead([]byte{cborTag8, tag}, majorBytes, uint64(len(content)))
	head := len(data)
	data = append(slices.Clip(data), content...)
	swap[T](data[head:])
	return data
}

func unmarshalArray[T number](tag byte, data []byte) ([]T, error) {
	switch {
	case len(data) > 0 && (data[0] == cborNull || data[0] == cborUndefined):
		return nil, nil
	case len(data) > 0 && data[0]>>5 == majorList:
		var list []T
		err := cborDecoder.Unmarshal(data, &list)
		return list, err
	case len(data) < 2 || data[0] != cborTag8 || data[1] != tag:
		return nil, fmt.Errorf("cannot decode into an array of %v: neither CBOR tag %d nor a list", reflect.TypeFor[T](), tag)
	}
	content, ok := byteString(data[2:])
	if !ok {
		return nil, fmt.Errorf("cannot decode CBOR tag %d: it holds no byte string of known length", tag)
	}
	return numbers[T](content)
}

// numbers returns the numbers of the content of a typed array.
func numbers[T number](content []byte) ([]T, error) {
	size := int(unsafe.Sizeof(*new(T)))
	if len(content)%size != 0 {
		return nil, fmt.Errorf("cannot decode an array of %v: its %d bytes are no multiple of %d", reflect.TypeFor[T](), len(content), size)
	}
	v := make([]T, len(content)/size)
	copy(memory(v), content)
	swap[T](memory(v))
	return v, nil
}

// memory is what v holds, as bytes in the order of this computer.
func memory[T number](v []T) []byte {
	// Numbers have no padding and no pointers, and the bytes are used while v lives
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), len(v)*int(unsafe.Sizeof(*new(T))))
}

// swap turns numbers from this computer's order of bytes into little-endian, and back.
func swap[T number](data []byte) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return
	}
	for part := range slices.Chunk(data, int(unsafe.Sizeof(*new(T)))) {
		slices.Reverse(part)
	}
}

// appendHead appends the head of a CBOR item with a length.
func appendHead(data []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(data, major|byte(n))
	case n < 1<<8:
		return append(data, major|24, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(data, major|25), uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(data, major|26), uint32(n))
	default:
		return binary.BigEndian.AppendUint64(append(data, major|27), n)
	}
}

// byteString returns the content of the CBOR byte string that data is, without copying it.
func byteString(data []byte) ([]byte, bool) {
	if len(data) == 0 || data[0]>>5 != majorBytes {
		return nil, false
	}
	short, rest := uint64(data[0]&31), data[1:]
	width := 0
	if short >= 24 {
		width = 1 << (short - 24)
	}
	if width > 8 || len(rest) < width {
		return nil, false
	}
	n := short
	if width > 0 {
		n = 0
		for _, b := range rest[:width] {
			n = n<<8 | uint64(b)
		}
	}
	rest = rest[width:]
	return rest, uint64(len(rest)) == n
}

// arrayOf returns the typed array that a CBOR tag and its content stand for, for a reader that does not know
// its type. It reports false for a tag that this package does not write.
func arrayOf(tag uint64, content []byte) (v any, known bool, err error) {
	switch tag {
	case tagFloats:
		v, err = numbers[float64](content)
	case tagFloat32s:
		v, err = numbers[float32](content)
	case tagInts:
		v, err = numbers[int64](content)
	default:
		return nil, false, nil
	}
	return v, true, err
}

// isTypedArray reports whether values of t are typed arrays in CBOR.
func isTypedArray(t reflect.Type) bool {
	return t == reflect.TypeFor[Floats]() || t == reflect.TypeFor[Float32s]() || t == reflect.TypeFor[Ints]()
}
