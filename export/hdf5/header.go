package hdf5

import (
	"encoding/binary"
	"math/bits"
)

// The types of header messages (IV.A.2).
const (
	messageDataspace = 0x01
	messageLinkInfo  = 0x02
	messageDatatype  = 0x03
	messageFillValue = 0x05
	messageLink      = 0x06
	messageLayout    = 0x08
	messageGroupInfo = 0x0a
	messageFilters   = 0x0b
	messageAttribute = 0x0c
)

// maxMessage is the length of the largest message: a header gives it two bytes.
const maxMessage = 1<<16 - 1

// constant marks a message that never changes, as the library marks datatypes.
const constant = 0x01

// header is an object header: what describes a group or a dataset.
type header struct {
	messages []byte
}

// add appends a message of at most maxMessage bytes.
func (h *header) add(kind, flags byte, body []byte) {
	h.messages = append(h.messages, kind)
	h.messages = binary.LittleEndian.AppendUint16(h.messages, uint16(len(body)))
	h.messages = append(h.messages, flags)
	h.messages = append(h.messages, body...)
}

// encode returns the header, version 2, in one block (IV.A.1.b).
func (h *header) encode() []byte {
	const sizeIn4Bytes = 0x02
	b := []byte{'O', 'H', 'D', 'R', 2, sizeIn4Bytes}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(h.messages)))
	return sealed(append(b, h.messages...))
}

// sealed appends the checksum of b to b.
func sealed(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(b, lookup3(b))
}

// lookup3 is Bob Jenkins' hash of that name (hashlittle, http://burtleburtle.net/bob/c/lookup3.c) with the initial
// value 0: the checksum of all metadata.
func lookup3(p []byte) uint32 {
	a := 0xdeadbeef + uint32(len(p))
	b, c := a, a
	for ; len(p) > 12; p = p[12:] {
		a, b, c = mix(a+word(p, 0), b+word(p, 4), c+word(p, 8))
	}
	if len(p) == 0 {
		return c
	}
	var tail [12]byte
	copy(tail[:], p)
	return final(a+word(tail[:], 0), b+word(tail[:], 4), c+word(tail[:], 8))
}

func word(p []byte, at int) uint32 { return binary.LittleEndian.Uint32(p[at:]) }

func mix(a, b, c uint32) (uint32, uint32, uint32) {
	a = (a - c) ^ bits.RotateLeft32(c, 4)
	c += b
	b = (b - a) ^ bits.RotateLeft32(a, 6)
	a += c
	c = (c - b) ^ bits.RotateLeft32(b, 8)
	b += a
	a = (a - c) ^ bits.RotateLeft32(c, 16)
	c += b
	b = (b - a) ^ bits.RotateLeft32(a, 19)
	a += c
	c = (c - b) ^ bits.RotateLeft32(b, 4)
	b += a
	return a, b, c
}

func final(a, b, c uint32) uint32 {
	c = (c ^ b) - bits.RotateLeft32(b, 14)
	a = (a ^ c) - bits.RotateLeft32(c, 11)
	b = (b ^ a) - bits.RotateLeft32(a, 25)
	c = (c ^ b) - bits.RotateLeft32(b, 16)
	a = (a ^ c) - bits.RotateLeft32(c, 4)
	b = (b ^ a) - bits.RotateLeft32(a, 14)
	c = (c ^ b) - bits.RotateLeft32(b, 24)
	return c
}
