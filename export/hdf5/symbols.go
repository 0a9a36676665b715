package hdf5

import (
	"bytes"
	"context"
)

// maxDepth is how many levels a B-tree has at most.
const maxDepth = 20

// symbols reads the links of a group of the older form: a B-tree of tables of names in a local heap (III.A.1, III.B, III.D).
func (in *input) symbols(ctx context.Context, tree, heap uint64) ([]link, error) {
	c := in.at(heap, 32)
	c.expect("HEAP")
	c.skip(4)
	size := c.number(8)
	c.skip(8)
	address := c.number(8)
	if c.err != nil {
		return nil, c.err
	}
	names, err := in.block(address, size)
	if err != nil {
		return nil, err
	}
	var links []link
	err = in.walk(ctx, node{tree, 0, 8, maxDepth}, func(_ []byte, child uint64) error {
		found, err := in.symbolTable(child, names)
		links = append(links, found...)
		if len(links) > maxObjects {
			return errCut
		}
		return err
	})
	return links, err
}

// symbolTable reads a table of names.
func (in *input) symbolTable(address uint64, names []byte) ([]link, error) {
	c := in.at(address, 8)
	c.expect("SNOD")
	c.skip(2)
	n := c.number(2)
	if c.err != nil {
		return nil, c.err
	}
	const entry, softLink = 40, 2
	b, err := in.block(address+8, n*entry)
	if err != nil {
		return nil, err
	}
	var links []link
	for c = (&cursor{b: b}); len(c.b) > 0; {
		offset, object, kind := c.number(8), c.number(8), c.number(4)
		c.skip(20)
		if offset > uint64(len(names)) {
			return nil, errCut
		}
		name, _, found := bytes.Cut(names[offset:], []byte{0})
		if !found {
			return nil, errCut
		}
		if kind == softLink {
			continue
		}
		l := link{name: string(name), address: object}
		if err := validName(l.name); err != nil {
			return nil, err
		}
		links = append(links, l)
	}
	return links, nil
}

// node is a node of a version 1 B-tree.
type node struct {
	address  uint64
	kind     uint64 // 0 for groups, 1 for chunks
	keyBytes int
	levels   int // of the tree from there on, at most
}

// walk calls visit for what the leaves of a B-tree lead to, with their keys (III.A.1).
func (in *input) walk(ctx context.Context, n node, visit func(key []byte, child uint64) error) error {
	c := in.at(n.address, 24)
	c.expect("TREE")
	got, level, used := c.number(1), c.number(1), c.number(2)
	if c.err != nil {
		return c.err
	}
	if got != n.kind || int(level) >= n.levels {
		return errCut
	}
	b, err := in.block(n.address+24, used*uint64(n.keyBytes+8))
	if err != nil {
		return err
	}
	for c = (&cursor{b: b}); len(c.b) > 0; {
		key, child := c.bytes(n.keyBytes), c.number(8)
		if level == 0 {
			err = visit(key, child)
		} else {
			err = in.walk(ctx, node{child, n.kind, n.keyBytes, int(level)}, visit)
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}
