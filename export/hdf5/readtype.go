package hdf5

import (
	"errors"
	"fmt"

	"github.com/durable-wf/wf/export/internal/numpy"
)

// maxNesting bounds how deep types lie in each other.
const maxNesting = 8

// className names a class of types that is not read.
func className(class uint64) string {
	names := map[uint64]string{2: "times of HDF5", 4: "bit fields", 5: "opaque data", 7: "references", 10: "arrays in elements"}
	if name, ok := names[class]; ok {
		return name
	}
	return fmt.Sprintf("type class %d", class)
}

// datatype reads a datatype message (IV.A.2.d), and leaves c behind it.
func (in *input) datatype(c *cursor, nesting int) (numpy.DType, error) {
	head := c.number(4)
	version, class, flags := head>>4&0xf, head&0xf, head>>8
	size := c.number(4)
	if c.err != nil || size == 0 || size > 1<<30 || nesting > maxNesting {
		return numpy.DType{}, errors.Join(errCut, c.err)
	}
	t := numpy.DType{Size: int(size), Big: flags&1 != 0}
	switch class {
	case classInteger:
		return t, integerType(&t, c, flags)
	case classFloat:
		return t, floatType(&t, c, flags)
	case classText:
		t.Kind = 'S'
		return t, c.err
	case classEnum:
		return in.enumType(c, version, flags, nesting)
	case classVariable:
		const isText = 1
		if _, err := in.datatype(c, nesting+1); err != nil || flags&0xf != isText || size != 16 {
			return t, errors.Join(err, errors.New("holds lists of different lengths, which are not understood"))
		}
		t.Kind, t.Text = 'T', in.text
		return t, nil
	case classCompound:
		t.Kind = 'V'
		return t, in.compoundType(&t, c, version, int(flags&0xffff), nesting)
	}
	return t, fmt.Errorf("holds %s, which are not understood", className(class))
}

func integerType(t *numpy.DType, c *cursor, flags uint64) error {
	t.Kind = 'u'
	if flags&0x08 != 0 {
		t.Kind = 'i'
	}
	offset, bits := c.number(2), c.number(2)
	plain := t.Size == 1 || t.Size == 2 || t.Size == 4 || t.Size == 8
	if c.err == nil && (!plain || offset != 0 || bits != uint64(8*t.Size)) {
		return fmt.Errorf("holds integers of %d of %d bits, which are not understood", bits, 8*t.Size)
	}
	return c.err
}

func floatType(t *numpy.DType, c *cursor, flags uint64) error {
	t.Kind = 'f'
	got := make([]byte, 12)
	copy(got, c.bytes(12))
	want := map[int]Type{2: float(2, 10, 5, 15), 4: Float32(), 8: Float64()}[t.Size]
	if c.err == nil && (want.size == 0 || flags&0x40 != 0 || string(want.message[8:]) != string(got)) {
		return errors.New("holds floats that are not of IEEE 754, which are not understood")
	}
	return c.err
}

// enumType reads an enumeration: FALSE and TRUE are truth values, others what numbers they have.
func (in *input) enumType(c *cursor, version, flags uint64, nesting int) (numpy.DType, error) {
	base, err := in.datatype(c, nesting+1)
	if err != nil {
		return base, err
	}
	if base.Kind != 'i' && base.Kind != 'u' {
		return base, errCut
	}
	n := int(flags & 0xffff)
	names := make([]string, n)
	for i := range names {
		names[i] = c.name(version)
	}
	values := c.bytes(n * base.Size)
	if c.err == nil && n == 2 && base.Size == 1 && names[0] == "FALSE" && names[1] == "TRUE" && values[0] == 0 && values[1] == 1 {
		base.Kind = 'b'
	}
	return base, c.err
}

// name reads a name, which versions before 3 fill up to a multiple of 8 bytes.
func (c *cursor) name(version uint64) string {
	before := len(c.b)
	s := c.text()
	if version < 3 {
		c.skip(-(before - len(c.b)) & 7)
	}
	return s
}

func (in *input) compoundType(t *numpy.DType, c *cursor, version uint64, n, nesting int) error {
	offsetBytes := 4
	if version >= 3 {
		offsetBytes = 1
		for limit := 1 << 8; t.Size >= limit && offsetBytes < 4; limit <<= 8 {
			offsetBytes++
		}
	}
	for range n {
		f := numpy.Field{Name: c.name(version)}
		f.Offset = int(c.number(offsetBytes))
		if version == 1 {
			if dims := c.number(1); dims != 0 {
				return errors.New("holds arrays in records, which are not understood")
			}
			c.skip(3 + 4 + 4 + 16)
		}
		var err error
		if f.Type, err = in.datatype(c, nesting+1); err != nil {
			return fmt.Errorf("column %q: %w", f.Name, err)
		}
		if err := validName(f.Name); err != nil {
			return err
		}
		t.Fields = append(t.Fields, f)
	}
	return c.err
}

// text reads a text from the global heap that an element refers to (III.E).
func (in *input) text(element []byte) (string, error) {
	c := &cursor{b: element}
	length, address, index := c.number(4), c.number(8), uint16(c.number(4))
	if length == 0 || address == 0 {
		return "", nil
	}
	texts, ok := in.heaps[address]
	if !ok {
		var err error
		if texts, err = in.collection(address); err != nil {
			return "", err
		}
		in.heaps[address] = texts
	}
	s, ok := texts[index]
	if !ok || uint64(len(s)) < length {
		return "", errCut
	}
	return s[:length], validName(s[:length])
}

// collection reads all texts of a collection.
func (in *input) collection(address uint64) (map[uint16]string, error) {
	c := in.at(address, collectionHeader)
	c.expect("GCOL")
	c.skip(4)
	size := c.number(8)
	if c.err != nil || size < collectionHeader {
		return nil, errCut
	}
	b, err := in.block(address+collectionHeader, size-collectionHeader)
	if err != nil {
		return nil, err
	}
	texts := map[uint16]string{}
	for c = (&cursor{b: b}); len(c.b) >= itemHeader; {
		index := uint16(c.number(2))
		c.skip(6)
		n := c.number(8)
		if index == 0 {
			break // the free space
		}
		if n > uint64(len(c.b)) {
			return nil, errCut
		}
		texts[index] = string(c.bytes(int(n)))
		c.skip(min(-int(n)&7, len(c.b)))
	}
	return texts, c.err
}
