package parquet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/durable-wf/wf/export"
)

const (
	pageRows = 1024      // how many rows are read at a time
	maxRows  = 1_000_000 // of a file: inputs are few, and a damaged file may claim any number
)

// read makes a table of a file whose columns are single values: no lists and no groups.
func read(ctx context.Context, f *os.File) (doc *export.Document, err error) {
	defer func() {
		if fault := recover(); fault != nil { // the library panics at some damaged files
			doc, err = nil, fmt.Errorf("is damaged: %v", fault)
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	file, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		return nil, err
	}
	if n := file.NumRows(); n < 0 || n > maxRows {
		return nil, fmt.Errorf("holds %d rows; at most %d are read", n, maxRows)
	}
	t := &export.Table{Name: export.Whole}
	leaves := file.Root().Columns()
	for _, c := range leaves {
		column, err := columnOf(c)
		if err != nil {
			return nil, err
		}
		t.Columns = append(t.Columns, column)
	}
	var rows []export.Row
	for _, group := range file.RowGroups() {
		if rows, err = appendRows(ctx, rows, group, leaves); err != nil {
			return nil, err
		}
	}
	t.Rows = export.RowsOf(rows)
	return &export.Document{Tables: []*export.Table{t}}, nil
}

func appendRows(ctx context.Context, rows []export.Row, group parquet.RowGroup, leaves []*parquet.Column) (_ []export.Row, err error) {
	in := group.Rows()
	defer func() { err = errors.Join(err, in.Close()) }()
	page := make([]parquet.Row, pageRows)
	for {
		n, err := in.ReadRows(page)
		for _, values := range page[:n] {
			row := make(export.Row, len(leaves))
			for _, v := range values {
				leaf := leaves[v.Column()]
				if row[v.Column()], err = fieldOf(v, leaf); err != nil {
					return nil, fmt.Errorf("row %d: column %s: %w", len(rows)+1, leaf.Name(), err)
				}
			}
			rows = append(rows, row)
		}
		switch {
		case errors.Is(err, io.EOF):
			return rows, nil
		case len(rows) > maxRows:
			return nil, fmt.Errorf("holds more than %d rows", maxRows)
		case err != nil:
			return nil, err
		case ctx.Err() != nil:
			return nil, ctx.Err()
		}
	}
}

// columnOf finds the kind of a column. What would have to be guessed is refused.
func columnOf(c *parquet.Column) (export.Column, error) {
	column := export.Column{Name: c.Name()}
	if !c.Leaf() || c.Repeated() {
		return column, fmt.Errorf("column %s is a list or a group; only single values are read", c.Name())
	}
	logical := logicalOf(c)
	switch kind := c.Type().Kind(); {
	case kind == parquet.Boolean && logical == nil:
		column.Kind = export.Bool
	case kind == parquet.Int64 && unitOf(logical) != 0:
		column.Kind = export.Time
	case (kind == parquet.Int32 || kind == parquet.Int64) && plainInt(logical):
		column.Kind = export.Int
	case (kind == parquet.Float || kind == parquet.Double) && logical == nil:
		column.Kind = export.Float
	case kind == parquet.ByteArray && isJSON(logical):
		column.Kind = export.JSON
	case kind == parquet.ByteArray && isText(logical):
		column.Kind = export.Text
	default:
		return column, fmt.Errorf("column %s is of the type %v, which is not read", c.Name(), c.Type())
	}
	return column, nil
}

// logicalOf is what the values of a column mean beyond their type; nil for nothing.
func logicalOf(c *parquet.Column) format.LogicalTypeValue {
	if t := c.Type().LogicalType(); t != nil {
		return t.Value
	}
	return nil
}

func isJSON(logical format.LogicalTypeValue) bool {
	_, yes := logical.(*format.JsonType)
	return yes
}

func isText(logical format.LogicalTypeValue) bool {
	switch logical.(type) {
	case nil, *format.StringType, *format.EnumType:
		return true
	}
	return false
}

func plainInt(logical format.LogicalTypeValue) bool {
	t, isInt := logical.(*format.IntType)
	return logical == nil || isInt && t.IsSigned
}

// unitOf is the unit of a timestamp, 0 for what is none.
func unitOf(logical format.LogicalTypeValue) time.Duration {
	t, yes := logical.(*format.TimestampType)
	if !yes || t.Unit.Value == nil {
		return 0
	}
	return t.Unit.Value.Duration()
}

// stamp is the time of so many units since 1970.
func stamp(n int64, unit time.Duration) time.Time {
	per := int64(time.Second / unit)
	return time.Unix(n/per, n%per*int64(unit)).UTC()
}

// fieldOf is a value of column c.
func fieldOf(v parquet.Value, c *parquet.Column) (any, error) {
	if v.IsNull() {
		return nil, nil // there is none
	}
	switch v.Kind() {
	case parquet.Boolean:
		return v.Boolean(), nil
	case parquet.Float:
		return float64(v.Float()), nil
	case parquet.Double:
		return v.Double(), nil
	case parquet.Int32:
		return int64(v.Int32()), nil
	case parquet.Int64:
		if unit := unitOf(logicalOf(c)); unit != 0 {
			return stamp(v.Int64(), unit), nil
		}
		return v.Int64(), nil
	default:
	}
	if !isJSON(logicalOf(c)) {
		return string(v.ByteArray()), nil
	}
	doc := json.RawMessage(bytes.Clone(v.ByteArray()))
	if !json.Valid(doc) {
		return nil, fmt.Errorf("%.40q is no JSON", doc)
	}
	return doc, nil
}
