package hdf5

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"math"
	"strconv"
	"time"

	"github.com/durable-wf/wf/export"
)

// exact is the largest integer up to which a float64 holds all.
const exact = 1 << 53

// notATime is what NumPy takes for a missing time.
const notATime = math.MinInt64

// writeTable looks at the rows twice: a column of which values are missing has another type.
func writeTable(ctx context.Context, g *Group, t *export.Table) error {
	columns, rows, err := survey(ctx, t)
	if err != nil {
		return err
	}
	if len(columns) == 0 {
		empty, err := g.Group(safe(t.Name))
		if err != nil {
			return err
		}
		return empty.SetAttribute("rows", rows)
	}
	fields := make([]Field, len(columns))
	for i, c := range columns {
		fields[i] = Field{Name: safe(t.Columns[i].Name), Type: c.stored()}
	}
	row, err := Compound(fields)
	if err != nil {
		return err
	}
	d, err := g.Table(safe(t.Name), row)
	if err != nil {
		return err
	}
	for i, c := range t.Columns {
		if c.Kind != export.Time {
			continue
		}
		if err := d.SetAttribute(fields[i].Name+".units", timeUnits); err != nil {
			return err
		}
	}
	if err := writeRows(ctx, d, t, columns); err != nil {
		return err
	}
	return d.Close()
}

func writeRows(ctx context.Context, d *Dataset, t *export.Table, columns []column) error {
	var buf []byte
	for row, err := range t.Rows {
		if err != nil {
			return err
		}
		buf = buf[:0]
		for i, value := range row {
			if buf, err = columns[i].append(d.file, buf, value); err != nil {
				return &export.FormatError{Format: "hdf5", Where: t.Name + ": column " + t.Columns[i].Name, Err: err}
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

// column is what is known of a column of a table.
type column struct {
	kind    export.Kind
	missing bool // some values are
	wide    bool // an integer that no float64 holds
}

// survey goes through the rows of a table and counts them.
func survey(ctx context.Context, t *export.Table) ([]column, int64, error) {
	columns := make([]column, len(t.Columns))
	for i, c := range t.Columns {
		columns[i].kind = c.Kind
	}
	rows := int64(0)
	for row, err := range t.Rows {
		if err == nil {
			err = t.CheckRow(row)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, 0, err
		}
		rows++
		for i, value := range row {
			n, _ := value.(int64)
			columns[i].missing = columns[i].missing || value == nil
			columns[i].wide = columns[i].wide || n > exact || n < -exact
		}
	}
	return columns, rows, nil
}

// stored is the type that the values of c have in the file.
func (c column) stored() Type {
	switch c.kind {
	case export.Float:
		return Float64()
	case export.Time:
		return Int64()
	case export.Bool, export.Int:
		switch {
		case c.missing && c.wide:
			return Text()
		case c.missing:
			return Float64()
		case c.kind == export.Bool:
			return Bool()
		}
		return Int64()
	default:
		return Text()
	}
}

// append appends a value of c, nil for a missing one, as stored has it.
func (c column) append(f *File, b []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return c.appendMissing(f, b)
	case float64:
		return appendFloat(b, v), nil
	case time.Time:
		return appendInt(b, v.UnixMicro()), nil
	case bool:
		switch {
		case !c.missing:
			return AppendBool(b, v), nil
		case v:
			return appendFloat(b, 1), nil
		}
		return appendFloat(b, 0), nil
	case int64:
		switch {
		case !c.missing:
			return appendInt(b, v), nil
		case c.wide:
			return f.AppendText(b, strconv.FormatInt(v, 10))
		}
		return appendFloat(b, float64(v)), nil
	case json.RawMessage:
		return f.AppendText(b, string(v))
	default:
		return f.AppendText(b, value.(string)) //nolint:errcheck,forcetypeassert // CheckRow has seen that it is one
	}
}

func (c column) appendMissing(f *File, b []byte) ([]byte, error) {
	switch {
	case c.kind == export.Time:
		return appendInt(b, notATime), nil
	case c.kind == export.Text || c.kind == export.JSON || c.wide:
		return f.AppendText(b, "")
	}
	return appendFloat(b, math.NaN()), nil
}

func appendInt(b []byte, v int64) []byte { return binary.LittleEndian.AppendUint64(b, uint64(v)) }

func appendFloat(b []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
}
