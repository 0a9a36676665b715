package hdf5

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/zlib"

	"github.com/durable-wf/wf/export"
	"github.com/durable-wf/wf/export/internal/numpy"
)

// dataset adds a dataset to g, as a table if it is one of records.
func (in *input) dataset(ctx context.Context, g *export.Group, name string, h *objectHeader) error {
	typeMessage, space := h.find(messageDatatype), h.find(messageDataspace)
	if typeMessage == nil || space == nil {
		return errCut
	}
	if typeMessage.shared {
		return errors.New("has a named type, which is not understood")
	}
	t, err := in.datatype(&cursor{b: typeMessage.body}, 0)
	if err != nil {
		return err
	}
	dims, err := decodeSpace(space.body)
	if err != nil {
		return err
	}
	data, err := in.data(ctx, h, t.Size, dims)
	if err != nil {
		return err
	}
	if t.Kind == 'V' {
		table, err := t.Table(name, dims, data)
		if err != nil {
			return err
		}
		for _, err := range table.Rows { // texts are looked up now: the file may be closed later
			if err != nil {
				return err
			}
		}
		g.Tables = append(g.Tables, table)
		return nil
	}
	a, err := t.Array(name, dims, false, data)
	if err == nil {
		g.Arrays = append(g.Arrays, a)
	}
	return err
}

// decodeSpace returns the dimensions of a dataset (IV.A.2.b). One without any place for data has none of length 0.
func decodeSpace(body []byte) ([]int, error) {
	const null = 2
	c := &cursor{b: body}
	version, rank, _ := c.number(1), c.number(1), c.number(1)
	kind := c.number(1)
	if version == 1 {
		kind = 0
		c.skip(4)
	} else if version != 2 {
		return nil, fmt.Errorf("dataspace of version %d is not known", version)
	}
	if kind == null {
		return []int{0}, c.err
	}
	if rank > maxRank {
		return nil, errCut
	}
	dims := make([]int, rank)
	for i := range dims {
		dims[i] = int(c.number(8))
	}
	return dims, c.err
}

// data reads all elements. What was never written has the fill value.
func (in *input) data(ctx context.Context, h *objectHeader, size int, dims []int) ([]byte, error) {
	n, err := numpy.Count(dims)
	if err != nil {
		return nil, err
	}
	const most = 1100 // bytes that gzip makes of one
	if want := float64(n) * float64(size); want > most*float64(in.size)+1<<20 {
		return nil, fmt.Errorf("dimensions %v are more than the file can hold", dims)
	}
	fill, err := fillOf(h, size)
	if err != nil {
		return nil, err
	}
	const compactLayout, contiguous, chunked = 0, 1, 2
	c := &cursor{b: h.find(messageLayout).body}
	version, class := c.number(1), c.number(1)
	switch {
	case version != 3 && (version != 4 || class == chunked):
		return nil, errors.New("is stored in another form than the usual one, which h5py writes without libver")
	case class == compactLayout:
		data := c.bytes(int(c.number(2)))
		if c.err != nil || len(data) != n*size {
			return nil, errCut
		}
		return data, nil
	case class == contiguous:
		address, length := c.number(8), c.number(8)
		if c.err != nil {
			return nil, c.err
		}
		if address == undefined || n == 0 {
			return bytes.Repeat(fill, n), nil
		}
		if length < uint64(n*size) {
			return nil, errCut
		}
		return in.block(address, uint64(n*size))
	case class == chunked:
		return in.chunked(ctx, c, h, size, dims, bytes.Repeat(fill, n))
	}
	return nil, errors.New("is put together of other datasets, which is not understood")
}

// fillOf returns the value of elements that were never written (IV.A.2.f).
func fillOf(h *objectHeader, size int) ([]byte, error) {
	zero := make([]byte, size)
	m := h.find(messageFillValue)
	if m == nil {
		return zero, nil
	}
	c := &cursor{b: m.body}
	version, flags := c.number(1), c.number(1)
	defined := flags&0x20 != 0
	if version < 3 {
		c.skip(1)
		defined = c.number(1) != 0
	}
	if !defined {
		return zero, c.err
	}
	value := c.bytes(int(c.number(4)))
	if c.err != nil || len(value) != 0 && len(value) != size {
		return nil, errCut
	}
	if len(value) == 0 {
		return zero, nil
	}
	return value, nil
}

// chunked reads the chunks of a dataset into data.
func (in *input) chunked(ctx context.Context, c *cursor, h *objectHeader, size int, dims []int, data []byte) ([]byte, error) {
	rank := int(c.number(1)) - 1
	tree := c.number(8)
	if rank != len(dims) || rank == 0 {
		return nil, errors.Join(errCut, c.err)
	}
	shape, length := make([]int, rank), size
	for i := range shape {
		shape[i] = int(c.number(4))
		if length *= shape[i]; shape[i] == 0 || length > 1<<32 {
			return nil, errCut
		}
	}
	filters, err := filtersOf(h)
	if err != nil || c.err != nil {
		return nil, errors.Join(err, c.err)
	}
	if tree == undefined || len(data) == 0 {
		return data, nil
	}
	const chunkNode = 1
	err = in.walk(ctx, node{tree, chunkNode, 8 + 8*(rank+1), maxDepth}, func(key []byte, address uint64) error {
		k := &cursor{b: key}
		stored, skipped := k.number(4), k.number(4)
		offset := make([]int, rank)
		for i := range offset {
			offset[i] = int(k.number(8))
		}
		raw, err := in.block(address, stored)
		if err != nil {
			return err
		}
		if raw, err = unfilter(raw, filters, uint32(skipped), size, length); err != nil {
			return err
		}
		return place(data, dims, raw, shape, offset, size)
	})
	return data, err
}

// place copies a chunk into the array, as far as it lies within.
func place(data []byte, dims []int, chunk []byte, shape, offset []int, size int) error {
	for i := range offset {
		if offset[i] < 0 || offset[i] >= dims[i] {
			return nil // what a dataset that was made smaller has left
		}
	}
	last := len(dims) - 1
	run := min(shape[last], dims[last]-offset[last]) * size
	index := make([]int, last) // within the chunk
	for from := 0; ; {
		to, inside := 0, true
		for i := range index {
			at := offset[i] + index[i]
			inside = inside && at < dims[i]
			to = to*dims[i] + at
		}
		to = (to*dims[last] + offset[last]) * size
		if inside {
			copy(data[to:to+run], chunk[from:from+run])
		}
		from += shape[last] * size
		i := last - 1
		for ; i >= 0; i-- {
			if index[i]++; index[i] < shape[i] {
				break
			}
			index[i] = 0
		}
		if i < 0 {
			return nil
		}
	}
}

// filtersOf returns the numbers of the filters, in the order in which they were applied (IV.A.2.l).
func filtersOf(h *objectHeader) ([]uint64, error) {
	m := h.find(messageFilters)
	if m == nil {
		return nil, nil
	}
	c := &cursor{b: m.body}
	version, n := c.number(1), c.number(1)
	if version == 1 {
		c.skip(6)
	}
	var ids []uint64
	for range n {
		id, nameBytes := c.number(2), uint64(0)
		if version == 1 || id >= 256 {
			nameBytes = c.number(2)
		}
		c.skip(2)
		values := int(c.number(2))
		c.skip(int(nameBytes+7) &^ 7)
		c.skip(4 * values)
		if version == 1 && values%2 == 1 {
			c.skip(4)
		}
		if !slices.Contains([]uint64{filterDeflate, filterShuffle, filterFletcher}, id) {
			return nil, fmt.Errorf("is compressed by filter %d, which is not understood: h5repack -f GZIP=4 writes another", id)
		}
		ids = append(ids, id)
	}
	return ids, c.err
}

// filterFletcher appends a checksum of 4 bytes.
const filterFletcher = 3

// unfilter undoes the filters of a chunk, but those that were skipped.
func unfilter(b []byte, filters []uint64, skipped uint32, size, length int) ([]byte, error) {
	for i := len(filters) - 1; i >= 0; i-- {
		if skipped>>i&1 != 0 {
			continue
		}
		switch filters[i] {
		case filterFletcher:
			if len(b) < 4 || !fletcher32(b[:len(b)-4], word(b, len(b)-4)) {
				return nil, errors.New("is damaged: the checksum of a chunk is wrong")
			}
			b = b[:len(b)-4]
		case filterDeflate:
			r, err := zlib.NewReader(bytes.NewReader(b))
			if err != nil {
				return nil, fmt.Errorf("inflate: %w", err)
			}
			var out bytes.Buffer
			if _, err := out.ReadFrom(io.LimitReader(r, int64(length)+8)); err != nil {
				return nil, fmt.Errorf("inflate: %w", err)
			}
			b = out.Bytes()
		case filterShuffle:
			b = unshuffle(b, size)
		}
	}
	if len(b) != length {
		return nil, errCut
	}
	return b, nil
}

// fletcher32 reports whether sum is the checksum of b: of its words of 16 bits, and of those sums. Both are modulo 65535,
// for which 0 stands, too.
func fletcher32(b []byte, sum uint32) bool {
	const modulus = 65535
	var first, second uint64
	for i := 0; i < len(b); i += 2 {
		x := uint64(b[i]) << 8
		if i+1 < len(b) {
			x |= uint64(b[i+1])
		}
		first = (first + x) % modulus
		second = (second + first) % modulus
	}
	return uint64(sum&0xffff)%modulus == first && uint64(sum>>16)%modulus == second
}

func unshuffle(b []byte, size int) []byte {
	n := len(b) / size
	out := slices.Clone(b) // with what does not fill an element
	for i := range size {
		for j := range n {
			out[j*size+i] = b[i*n+j]
		}
	}
	return out
}
