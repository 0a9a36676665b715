package hdf5

import (
	"encoding/binary"
	"errors"
)

var errCut = errors.New("is cut off or damaged")

// cursor reads fields one after the other. After an error it reads zeros.
type cursor struct {
	b   []byte
	err error
}

// at returns a cursor over n bytes at an address, or fewer at the end of the file; none are an error.
func (in *input) at(address uint64, n int) *cursor {
	address += in.base
	if address >= in.size || n < 0 {
		return &cursor{err: errCut}
	}
	b := make([]byte, min(uint64(n), in.size-address))
	_, err := in.r.ReadAt(b, int64(address))
	return &cursor{b: b, err: err}
}

// block returns exactly n bytes at an address.
func (in *input) block(address, n uint64) ([]byte, error) {
	if n > in.size {
		return nil, errCut
	}
	c := in.at(address, int(n))
	if c.err == nil && uint64(len(c.b)) != n {
		c.err = errCut
	}
	return c.b, c.err
}

// bytes returns the next n bytes.
func (c *cursor) bytes(n int) []byte {
	if n < 0 || n > len(c.b) {
		c.err, c.b = errors.Join(c.err, errCut), nil
		return make([]byte, min(max(n, 0), 8))
	}
	b := c.b[:n]
	c.b = c.b[n:]
	return b
}

func (c *cursor) skip(n int) { c.bytes(n) }

// number reads an unsigned integer of n bytes, at most 8.
func (c *cursor) number(n int) uint64 {
	var b [8]byte
	copy(b[:], c.bytes(n))
	return binary.LittleEndian.Uint64(b[:])
}

// text reads up to a zero byte, which is skipped.
func (c *cursor) text() string {
	for i, x := range c.b {
		if x == 0 {
			s := string(c.b[:i])
			c.b = c.b[i+1:]
			return s
		}
	}
	c.err, c.b = errCut, nil
	return ""
}

// expect reads a signature.
func (c *cursor) expect(signature string) {
	if c.err == nil && string(c.bytes(len(signature))) != signature {
		c.err = errCut
	}
}
