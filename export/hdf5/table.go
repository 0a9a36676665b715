package hdf5

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/durable-wf/wf/export"
	"github.com/durable-wf/wf/export/internal/survey"
)

// writeTable looks at the rows twice: a column of which values are missing has another type.
func writeTable(ctx context.Context, g *Group, t *export.Table) error {
	columns, rows, err := survey.Of(ctx, t)
	if err != nil {
		return err
	}
	if len(columns) == 0 {
		empty, err := g.Group(safe(t.Name))
		if err != nil {
			return err
		}
		return empty.SetAttribute("rows", int64(rows))
	}
	fields := make([]Field, len(columns))
	for i, c := range columns {
		fields[i] = Field{Name: safe(c.Name), Type: columnType(c.Stored())}
	}
	row, err := Compound(fields)
	if err != nil {
		return err
	}
	d, err := g.Table(safe(t.Name), row)
	if err != nil {
		return err
	}
	for i, c := range columns {
		if c.Kind != export.Time {
			continue
		}
		if err := d.SetAttribute(fields[i].Name+".units", timeUnits); err != nil {
			return err
		}
	}
	if rows > 0 {
		if err := writeRows(ctx, d, t, columns); err != nil {
			return err
		}
	}
	return d.Close()
}

func writeRows(ctx context.Context, d *Dataset, t *export.Table, columns []survey.Column) error {
	var buf []byte
	for row, err := range t.Rows {
		if err != nil {
			return err
		}
		buf = buf[:0]
		for i, value := range row {
			if buf, err = appendValue(d.file, buf, columns[i].Value(value)); err != nil {
				return &export.FormatError{Format: "hdf5", Where: t.Name + ": column " + columns[i].Name, Err: err}
			}
		}
		if _, err := d.Write(buf); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func columnType(stored export.Kind) Type {
	switch stored {
	case export.Float:
		return Float64()
	case export.Int, export.Time:
		return Int64()
	case export.Bool:
		return Bool()
	default:
		return Text()
	}
}

// appendValue appends the value of a column as it is in the file.
func appendValue(f *File, b []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case float64:
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(v)), nil
	case int64:
		return binary.LittleEndian.AppendUint64(b, uint64(v)), nil
	case bool:
		return AppendBool(b, v), nil
	case string:
		return f.AppendText(b, v)
	}
	return nil, fmt.Errorf("a %T cannot be in a table", value)
}
