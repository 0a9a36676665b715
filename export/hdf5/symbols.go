package hdf5

import "bytes"

// maxDepth is how many levels a B-tree has at most.
const maxDepth = 20

// symbols reads the links of a group of the older form: a B-tree of tables of names in a local heap (III.A.1, III.B, III.D).
func (in *input) symbols(tree, heap uint64) ([]link, error) {
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
	err = in.walk(tree, 0, 8, maxDepth, func(_ []byte, child uint64) error {
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

// walk calls visit for what the leaves of a version 1 B-tree lead to, with their keys (III.A.1). levels bounds its depth.
func (in *input) walk(address, kind uint64, keyBytes, levels int, visit func(key []byte, child uint64) error) error {
	c := in.at(address, 24)
	c.expect("TREE")
	got, level, used := c.number(1), c.number(1), c.number(2)
	if c.err != nil {
		return c.err
	}
	if got != kind || int(level) >= levels {
		return errCut
	}
	b, err := in.block(address+24, used*uint64(keyBytes+8))
	if err != nil {
		return err
	}
	for c = (&cursor{b: b}); len(c.b) > 0; {
		key, child := c.bytes(keyBytes), c.number(8)
		if level == 0 {
			err = visit(key, child)
		} else {
			err = in.walk(child, kind, keyBytes, int(level), visit)
		}
		if err != nil {
			return err
		}
	}
	return in.ctx.Err()
}
