package hdf5

import (
	"encoding/binary"
	"fmt"
)

// compact is the length in bytes up to which an array is written as it is: chunks would make it longer, not shorter.
const compact = 4 << 10

// Dataset is an array or a table that is being written: an [io.Writer] of its elements in the order of the last
// dimension first, each as its [Type] says.
type Dataset struct {
	file       *File
	group      *Group
	name       string
	typ        Type
	dims       []uint64
	growing    bool
	want       uint64 // bytes of a dataset that does not grow
	got        uint64 // bytes written so far
	chunks     chunks
	attributes attributes
}

// Array creates a dataset of fixed dimensions; none make it a single value. All of its elements must be written
// before Close, which makes it part of the file.
func (g *Group) Array(name string, typ Type, dims ...uint64) (*Dataset, error) {
	n, err := count(dims)
	if err != nil {
		return nil, fmt.Errorf("dataset %s: %w", g.join(name), err)
	}
	d, err := g.dataset(name, typ, dims)
	if err != nil {
		return nil, err
	}
	d.want = n * uint64(typ.size)
	d.chunks = newChunks(g.file, typ.size, dims)
	return d, nil
}

// Table creates a dataset of one dimension that grows with what is written: rows, whose number need not be known.
func (g *Group) Table(name string, row Type) (*Dataset, error) {
	d, err := g.dataset(name, row, []uint64{0})
	if err != nil {
		return nil, err
	}
	d.growing = true
	d.chunks = newChunks(g.file, row.size, []uint64{undefined})
	return d, nil
}

func (g *Group) dataset(name string, typ Type, dims []uint64) (*Dataset, error) {
	if err := g.claim(name); err != nil {
		return nil, err
	}
	return &Dataset{file: g.file, group: g, name: name, typ: typ, dims: dims}, nil
}

// SetAttribute gives d an attribute: a string, bool, int64 or float64, or a slice of string, int64 or float64 of
// together less than 64 KiB; each text may have any length.
func (d *Dataset) SetAttribute(name string, value any) error {
	if err := d.attributes.set(d.file, name, value); err != nil {
		return fmt.Errorf("dataset %s: %w", d.path(), err)
	}
	return nil
}

// Write appends elements. They may be cut anywhere between calls.
func (d *Dataset) Write(p []byte) (int, error) {
	if !d.growing && d.got+uint64(len(p)) > d.want {
		return 0, fmt.Errorf("dataset %s: more elements than its dimensions %v hold", d.path(), d.dims)
	}
	d.got += uint64(len(p))
	if err := d.chunks.write(p); err != nil {
		return 0, fmt.Errorf("dataset %s: %w", d.path(), err)
	}
	return len(p), nil
}

// Close writes what is buffered and links d into its group.
func (d *Dataset) Close() error {
	if err := d.complete(); err != nil {
		return fmt.Errorf("dataset %s: %w", d.path(), err)
	}
	layout, err := d.writeData()
	if err != nil {
		return fmt.Errorf("dataset %s: %w", d.path(), err)
	}
	var h header
	h.add(messageDataspace, 0, dataspace(d.dims, d.growing))
	h.add(messageDatatype, constant, d.typ.message)
	h.add(messageFillValue, constant, fillValue(layout.chunked))
	h.add(messageLayout, 0, layout.message)
	if layout.chunked {
		h.add(messageFilters, constant, filters(d.typ.size))
	}
	d.attributes.addTo(&h)
	address, err := d.file.append(h.encode())
	if err != nil {
		return fmt.Errorf("dataset %s: %w", d.path(), err)
	}
	d.group.links = append(d.group.links, link{name: d.name, address: address})
	return nil
}

// complete checks that what was written are whole rows, or all elements.
func (d *Dataset) complete() error {
	if !d.growing {
		if d.got != d.want {
			return fmt.Errorf("%d of %d bytes were written", d.got, d.want)
		}
		return nil
	}
	rows, rest := d.got/uint64(d.typ.size), d.got%uint64(d.typ.size)
	if rest != 0 {
		return fmt.Errorf("the last row has %d of %d bytes", rest, d.typ.size)
	}
	d.dims[0] = rows
	return nil
}

func (d *Dataset) path() string { return d.group.join(d.name) }

// layout is where the elements are.
type layout struct {
	chunked bool
	message []byte
}

// writeData writes the elements and returns the layout message, version 3 (IV.A.2.i).
func (d *Dataset) writeData() (layout, error) {
	const contiguous, chunked = 1, 2
	if !d.growing && (len(d.dims) == 0 || d.want <= compact) {
		address, err := undefined, error(nil)
		if d.want > 0 {
			address, err = d.file.append(d.chunks.buf)
		}
		b := binary.LittleEndian.AppendUint64([]byte{3, contiguous}, address)
		return layout{false, binary.LittleEndian.AppendUint64(b, d.want)}, err
	}
	root, err := d.chunks.finish()
	b := []byte{3, chunked, byte(len(d.dims) + 1)}
	b = binary.LittleEndian.AppendUint64(b, root)
	for _, n := range d.chunks.shape {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return layout{true, binary.LittleEndian.AppendUint32(b, uint32(d.typ.size))}, err
}

// fillValue returns the message with the value of elements that were never written, version 3: the default, zero
// (IV.A.2.f). Its flags say when space is allocated: late, or chunk by chunk.
func fillValue(chunked bool) []byte {
	const late, incremental, ifSet = 2, 3, 2 << 2
	if chunked {
		return []byte{3, incremental | ifSet}
	}
	return []byte{3, late | ifSet}
}
