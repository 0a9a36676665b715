package hdf5

import (
	"encoding/binary"
	"fmt"

	"github.com/klauspost/compress/zlib"
)

// The filters of a chunk in the order in which they are applied (IV.A.2.l).
const (
	filterDeflate = 1
	filterShuffle = 2
	skipDeflate   = 1 << 1 // the bit of the second filter in the mask of a chunk
)

// level of compression: the fast one, since shuffled numbers gain little from more.
const level = 2

// filters returns the filter pipeline message, version 2: shuffle, then deflate. A reader may not leave out either.
func filters(elementSize int) []byte {
	b := []byte{2, 2}
	for _, f := range [][2]int{{filterShuffle, elementSize}, {filterDeflate, level}} {
		b = binary.LittleEndian.AppendUint16(b, uint16(f[0]))
		b = binary.LittleEndian.AppendUint16(b, 0) // flags
		b = binary.LittleEndian.AppendUint16(b, 1) // number of values
		b = binary.LittleEndian.AppendUint32(b, uint32(f[1]))
	}
	return b
}

// filter returns the chunk as it is stored, and the filters that were skipped since they would not have paid.
func (c *chunks) filter() (data []byte, skipped uint32, err error) {
	c.shuffle()
	c.zipped.Reset()
	if c.zip == nil {
		if c.zip, err = zlib.NewWriterLevel(&c.zipped, level); err != nil {
			return nil, 0, fmt.Errorf("deflate: %w", err)
		}
	}
	c.zip.Reset(&c.zipped)
	if _, err = c.zip.Write(c.planes); err == nil {
		err = c.zip.Close()
	}
	if err != nil {
		return nil, 0, fmt.Errorf("deflate: %w", err)
	}
	if c.zipped.Len() >= len(c.planes) {
		return c.planes, skipDeflate, nil
	}
	return c.zipped.Bytes(), 0, nil
}

// shuffle puts the first bytes of all elements first, then all second ones: the high bytes of numbers are alike.
func (c *chunks) shuffle() {
	n := len(c.buf) / c.size
	if cap(c.planes) < len(c.buf) {
		c.planes = make([]byte, len(c.buf))
	}
	c.planes = c.planes[:len(c.buf)]
	for i := range c.size {
		plane := c.planes[i*n : (i+1)*n]
		for j := range plane {
			plane[j] = c.buf[j*c.size+i]
		}
	}
}
