package numpy

import (
	"fmt"

	"github.com/durable-wf/wf/export"
)

// Table makes a table of the records of a structured array, which are in data. The times in it are times; NaT is a
// missing one.
func (t DType) Table(name string, dims []int, data []byte) (*export.Table, error) {
	n, err := Count(dims)
	if err != nil {
		return nil, err
	}
	if t.Size <= 0 || n > maxInt/t.Size || len(data) != n*t.Size {
		return nil, fmt.Errorf("dimensions %v do not fit %d bytes of data", dims, len(data))
	}
	table := &export.Table{Name: name}
	decoders := make([]func(record []byte) (any, error), len(t.Fields))
	for i, f := range t.Fields {
		if f.Offset < 0 || f.Type.Size < 0 || f.Offset > t.Size-f.Type.Size {
			return nil, fmt.Errorf("column %q lies outside of its record", f.Name)
		}
		kind, decode, err := f.decoder()
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", f.Name, err)
		}
		table.Columns = append(table.Columns, export.Column{Name: f.Name, Kind: kind})
		decoders[i] = decode
	}
	table.Rows = func(yield func(export.Row, error) bool) {
		row := make(export.Row, len(decoders))
		for i := range n {
			for j, decode := range decoders {
				var err error
				if row[j], err = decode(data[i*t.Size : (i+1)*t.Size]); err != nil {
					yield(nil, fmt.Errorf("table %q: row %d: column %q: %w", name, i, t.Fields[j].Name, err))
					return
				}
			}
			if !yield(row, nil) {
				return
			}
		}
	}
	return table, nil
}

// decoder returns the kind of a column and what reads its value from a record.
func (f Field) decoder() (export.Kind, func([]byte) (any, error), error) {
	t, part := f.Type, func(record []byte) []byte { return record[f.Offset : f.Offset+f.Type.Size] }
	switch t.Kind {
	case 'b':
		return export.Bool, func(r []byte) (any, error) { return part(r)[0] != 0, nil }, nil
	case 'i':
		return export.Int, func(r []byte) (any, error) { return t.signed(part(r)), nil }, nil
	case 'u':
		return export.Int, func(r []byte) (any, error) { return t.unsigned(part(r)) }, nil
	case 'f':
		if t.Size == 4 {
			return export.Float, func(r []byte) (any, error) { return float32Of(t.bits(part(r))), nil }, nil
		}
		return export.Float, func(r []byte) (any, error) { return t.float(part(r)), nil }, nil
	case 'U', 'S', 'T':
		return export.Text, func(r []byte) (any, error) { return t.text(part(r)) }, nil
	case 'M':
		return export.Time, func(r []byte) (any, error) {
			at, there, err := t.time(part(r))
			if !there || err != nil {
				return nil, err
			}
			return at, nil
		}, nil
	}
	return 0, nil, fmt.Errorf("type %c is not understood", t.Kind)
}
