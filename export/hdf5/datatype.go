package hdf5

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// The classes of datatypes (IV.A.2.d).
const (
	classInteger  = 0
	classFloat    = 1
	classText     = 3
	classCompound = 6
	classEnum     = 8
	classVariable = 9
)

// Type is the type of the elements of a dataset or an attribute, with the layout that they have in the file.
type Type struct {
	size    int    // bytes of an element
	message []byte // the datatype message
}

// Size returns the length of an element in bytes.
func (t Type) Size() int { return t.size }

// Int64 is a signed integer of 8 bytes, little-endian.
func Int64() Type { return integer(8, true) }

// Uint8 is a byte.
func Uint8() Type { return integer(1, false) }

// Float64 is an IEEE 754 number of 8 bytes, little-endian. NaN and the infinities are values like any other.
func Float64() Type { return float(8, 52, 11, 1023) }

// Float32 is an IEEE 754 number of 4 bytes, little-endian.
func Float32() Type { return float(4, 23, 8, 127) }

// Bool is a byte, 0 or 1, as an enumeration of FALSE and TRUE: what h5py reads as numpy.bool_.
func Bool() Type {
	base := integer(1, true)
	b := datatype(3, classEnum, 2, 1)
	b = append(b, base.message...)
	b = append(b, "FALSE\x00TRUE\x00"...)
	return Type{1, append(b, 0, 1)}
}

// Text is a text in UTF-8 of any length. Its element is the reference that [File.AppendText] makes.
func Text() Type {
	const isText, utf8 = 1, 1
	b := datatype(1, classVariable, isText|utf8<<8, 16)
	return Type{16, append(b, Uint8().message...)}
}

// FixedText is a text in UTF-8 of at most n bytes, filled up with zero bytes.
func FixedText(n int) Type {
	const padded, utf8 = 1, 1
	return Type{n, datatype(1, classText, padded|utf8<<4, n)}
}

// Field is a named part of a compound type.
type Field struct {
	Name string
	Type Type
}

// Compound is a record of fields, one after the other without gaps. The description of all fields must fit into
// 64 KiB, which it does up to about 1,300 fields with short names; beyond, the error says so.
func Compound(fields []Field) (Type, error) {
	size := 0
	for _, f := range fields {
		size += f.Type.size
	}
	b := datatype(3, classCompound, len(fields), size)
	width, offset := (bits.Len(uint(size))+7)/8, 0
	seen := map[string]bool{}
	for _, f := range fields {
		if err := claim(f.Name, seen); err != nil {
			return Type{}, fmt.Errorf("column %w", err)
		}
		b = append(append(b, f.Name...), 0)
		b = append(b, binary.LittleEndian.AppendUint64(nil, uint64(offset))[:width]...)
		b = append(b, f.Type.message...)
		offset += f.Type.size
	}
	if len(fields) == 0 {
		return Type{}, fmt.Errorf("a table without columns cannot be an HDF5 dataset")
	}
	if len(b) > maxMessage {
		return Type{}, fmt.Errorf("the description of %d columns takes %d bytes, an HDF5 table holds at most %d: write fewer columns, or shorter names",
			len(fields), len(b), maxMessage)
	}
	return Type{size, b}, nil
}

func integer(size int, signed bool) Type {
	flags := 0
	if signed {
		flags = 1 << 3
	}
	b := datatype(1, classInteger, flags, size)
	b = binary.LittleEndian.AppendUint16(b, 0) // bit offset
	return Type{size, binary.LittleEndian.AppendUint16(b, uint16(8*size))}
}

// float describes an IEEE number whose sign, exponent and mantissa follow each other from the highest bit.
func float(size, mantissa, exponent, bias int) Type {
	const impliedOne = 2 << 4
	b := datatype(1, classFloat, impliedOne|(8*size-1)<<8, size)
	b = binary.LittleEndian.AppendUint16(b, 0) // bit offset
	b = binary.LittleEndian.AppendUint16(b, uint16(8*size))
	b = append(b, byte(mantissa), byte(exponent), 0, byte(mantissa))
	return Type{size, binary.LittleEndian.AppendUint32(b, uint32(bias))}
}

// datatype returns the head that all datatype messages share: version and class, 24 bits of flags, and the size.
func datatype(version, class, flags, size int) []byte {
	b := []byte{byte(version<<4 | class), byte(flags), byte(flags >> 8), byte(flags >> 16)}
	return binary.LittleEndian.AppendUint32(b, uint32(size))
}
