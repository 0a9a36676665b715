package hdf5

import (
	"bytes"
	"slices"

	"github.com/klauspost/compress/zlib"
)

// chunkBytes is how long a chunk is at most, unless an element is longer: large enough to compress well, and less than
// the MiB of chunks that readers keep.
const chunkBytes = 512 << 10

// minRows is the least number of rows in a chunk of a table that might grow later.
const minRows = 64

// chunk is one that is in the file.
type chunk struct {
	address uint64
	size    uint32   // bytes in the file
	skipped uint32   // filters that were not applied, a bit each
	offset  []uint64 // of its first element
}

// chunks cuts the elements of a dataset into chunks as they come. A chunk spans all of the last dimensions, a part of
// one, and a single index of those before: so the elements of a chunk follow each other, and one chunk of memory is enough.
type chunks struct {
	file   *File
	size   int      // bytes of an element
	dims   []uint64 // the first is undefined if the dataset grows
	shape  []uint64 // of a chunk
	split  int      // the dimension of which a chunk spans a part
	next   []uint64 // offset of the chunk that is being filled
	buf    []byte   // its elements so far
	done   []chunk
	zipped bytes.Buffer
	zip    *zlib.Writer
	planes []byte // the chunk, shuffled
}

func newChunks(f *File, size int, dims []uint64) chunks {
	c := chunks{file: f, size: size, dims: dims, shape: make([]uint64, len(dims)), next: make([]uint64, len(dims))}
	room := max(uint64(chunkBytes/size), 1)
	for i := len(dims) - 1; i >= 0; i-- {
		c.shape[i] = max(min(dims[i], room), 1)
		c.split = i
		if room /= c.shape[i]; c.shape[i] < dims[i] {
			break // the dimensions before have one index per chunk
		}
	}
	for i := range c.split {
		c.shape[i] = 1
	}
	return c
}

// write appends p, cut at the ends of chunks.
func (c *chunks) write(p []byte) error {
	for len(p) > 0 {
		n := min(len(p), c.room()-len(c.buf))
		c.buf = append(c.buf, p[:n]...)
		p = p[n:]
		if len(c.buf) < c.room() || c.whole() {
			continue
		}
		if err := c.flush(); err != nil {
			return err
		}
	}
	return nil
}

// whole reports whether the buffer keeps all that there is: a single value or a small array, which gets no chunks.
func (c *chunks) whole() bool {
	return slices.Equal(c.shape, c.dims) && (len(c.dims) == 0 || c.bytes() <= compact)
}

// room returns how many bytes the chunk that is being filled takes: fewer at the end of a dimension.
func (c *chunks) room() int {
	n := c.bytes()
	if len(c.dims) == 0 {
		return n
	}
	at := c.split
	return n / int(c.shape[at]) * int(min(c.shape[at], c.dims[at]-c.next[at]))
}

// bytes returns the length of a whole chunk.
func (c *chunks) bytes() int {
	n := c.size
	for _, s := range c.shape {
		n *= int(s)
	}
	return n
}

// flush writes the chunk that is being filled, filled up with zeros, and begins the next.
func (c *chunks) flush() error {
	c.buf = append(c.buf, make([]byte, c.bytes()-len(c.buf))...)
	data, skipped, err := c.filter()
	if err != nil {
		return err
	}
	address, err := c.file.append(data)
	if err != nil {
		return err
	}
	c.done = append(c.done, chunk{address, uint32(len(data)), skipped, slices.Clone(c.next)})
	c.buf = c.buf[:0]
	for i := c.split; i >= 0; i-- {
		if c.next[i] += c.shape[i]; c.next[i] < c.dims[i] || i == 0 {
			break
		}
		c.next[i] = 0
	}
	return nil
}

// finish writes the last chunk and the index, and returns the address of the index.
func (c *chunks) finish() (uint64, error) {
	if len(c.dims) == 1 && c.dims[0] == undefined && len(c.done) == 0 {
		c.shape[0] = min(c.shape[0], max(uint64(len(c.buf)/c.size), minRows)) // a short table in a short chunk
	}
	if len(c.buf) > 0 {
		if err := c.flush(); err != nil {
			return 0, err
		}
	}
	if len(c.done) == 0 {
		return undefined, nil
	}
	return c.index(c.next)
}
