package hdf5

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Collections of the global heap (III.E). The first is small, since a small file has few texts; the later ones double.
const (
	minCollection    = 4 << 10 // the least that the library accepts
	maxCollection    = 256 << 10
	collectionHeader = 16
	itemHeader       = 16
)

// heap is the collection of texts that is being filled. Its space in the file is reserved when it is begun, so that
// references to it can be written before it is.
type heap struct {
	address uint64
	buf     []byte // the collection so far, of capacity cap(buf) in the file
	size    int
	objects uint16 // so far, numbered from 1: a collection is too small for more than two bytes can count
}

// AppendText appends an element of type [Text] to b, having put s into the file. An error is that of the file, or
// says that s has a zero byte, at which readers would cut it off.
func (f *File) AppendText(b []byte, s string) ([]byte, error) {
	if at := strings.IndexByte(s, 0); at >= 0 {
		return b, fmt.Errorf("text has a zero byte at %d, where readers of HDF5 would cut it off", at)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
	if s == "" {
		return append(b, make([]byte, 12)...), nil // a reference to nothing
	}
	address, index, err := f.heap.put(f, s)
	b = binary.LittleEndian.AppendUint64(b, address)
	return binary.LittleEndian.AppendUint32(b, uint32(index)), err
}

// put stores s and returns the collection that it is in and its number there.
func (h *heap) put(f *File, s string) (uint64, uint16, error) {
	need := itemHeader + (len(s)+7)&^7
	if len(h.buf)+need > h.size {
		if err := h.flush(f); err != nil {
			return 0, 0, err
		}
		h.begin(f, need)
	}
	h.objects++
	h.buf = binary.LittleEndian.AppendUint16(h.buf, h.objects)
	h.buf = append(h.buf, make([]byte, 6)...) // reference count and padding: the library leaves them 0 for texts
	h.buf = binary.LittleEndian.AppendUint64(h.buf, uint64(len(s)))
	h.buf = append(h.buf, s...)
	h.buf = append(h.buf, make([]byte, -len(s)&7)...)
	return h.address, h.objects, nil
}

// begin reserves a collection that has room for an object of need bytes.
func (h *heap) begin(f *File, need int) {
	h.size = max(min(2*h.size, maxCollection), minCollection)
	if need+collectionHeader > h.size {
		h.size = need + collectionHeader
	}
	h.address, h.objects = f.allocate(h.size), 0
	h.buf = append(h.buf[:0], "GCOL\x01\x00\x00\x00"...)
	h.buf = binary.LittleEndian.AppendUint64(h.buf, uint64(h.size))
}

// flush writes the collection. What is left of it is its free space, object 0.
func (h *heap) flush(f *File) error {
	if len(h.buf) == 0 {
		return nil
	}
	free := h.size - len(h.buf)
	if free >= itemHeader {
		h.buf = append(h.buf, make([]byte, 8)...)
		h.buf = binary.LittleEndian.AppendUint64(h.buf, uint64(free))
	}
	h.buf = append(h.buf, make([]byte, h.size-len(h.buf))...)
	err := f.writeAt(h.buf, h.address)
	h.buf = h.buf[:0]
	return err
}
