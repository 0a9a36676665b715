package hdf5

import "encoding/binary"

// nodeEntries is the number of children of a full node: twice the K of chunked storage, whose default a superblock of
// version 2 implies (II.A, III.A.1).
const nodeEntries = 64

// entry is a child of a B-tree node: a chunk, or a node whose first chunk it names.
type entry struct {
	chunk
	child uint64
}

// index writes a version 1 B-tree over the chunks, which come in the order of their offsets, from its leaves up
// (III.A.1, node type 1). It returns the address of its root.
func (c *chunks) index(end []uint64) (uint64, error) {
	level := entries(c.done)
	for depth := byte(0); ; depth++ {
		parents, err := c.nodes(level, depth, end)
		if err != nil {
			return 0, err
		}
		if len(parents) == 1 {
			return parents[0].child, nil
		}
		level = parents
	}
}

// entries returns what leaves hold.
func entries(chunks []chunk) []entry {
	level := make([]entry, len(chunks))
	for i, c := range chunks {
		level[i] = entry{c, c.address}
	}
	return level
}

// nodes writes the nodes of one level and returns the entries of the level above.
func (c *chunks) nodes(children []entry, depth byte, end []uint64) ([]entry, error) {
	key := 8 + 8*(len(end)+1)
	size := 24 + nodeEntries*8 + (nodeEntries+1)*key
	n := (len(children) + nodeEntries - 1) / nodeEntries
	first := c.file.allocate(size * n)
	parents := make([]entry, n)
	for i := range parents {
		mine := children[i*nodeEntries : min((i+1)*nodeEntries, len(children))]
		after := chunk{offset: end} // the key after the last child: where the next node begins
		if i+1 < n {
			after = children[(i+1)*nodeEntries].chunk
		}
		address := first + uint64(i*size)
		left, right := undefined, undefined
		if i > 0 {
			left = address - uint64(size)
		}
		if i+1 < n {
			right = address + uint64(size)
		}
		b := []byte{'T', 'R', 'E', 'E', 1, depth}
		b = binary.LittleEndian.AppendUint16(b, uint16(len(mine)))
		b = binary.LittleEndian.AppendUint64(b, left)
		b = binary.LittleEndian.AppendUint64(b, right)
		for _, e := range mine {
			b = e.appendKey(b)
			b = binary.LittleEndian.AppendUint64(b, e.child)
		}
		b = after.appendKey(b)
		b = append(b, make([]byte, size-len(b))...)
		if err := c.file.writeAt(b, address); err != nil {
			return nil, err
		}
		parents[i] = entry{mine[0].chunk, address}
	}
	return parents, nil
}

// appendKey appends the B-tree key of c: its size, filters and offset, which ends with that in the element, 0.
func (c chunk) appendKey(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, c.size)
	b = binary.LittleEndian.AppendUint32(b, c.skipped)
	for _, n := range c.offset {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return binary.LittleEndian.AppendUint64(b, 0)
}
