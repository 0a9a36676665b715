// Package parquet writes and reads Apache Parquet: one table, by columns, compressed. It is what data frames
// (pandas, polars, R's arrow, DuckDB, Spark) read fastest.
package parquet

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/durable-wf/wf/export"
)

// Format is the format parquet: the main table of a document. All columns are optional. Whole numbers are
// int64, floats double, texts and JSON byte arrays with their logical type, times microseconds in UTC. The
// attributes of the document are the key-value metadata of the file.
func Format() export.Format {
	return export.Format{
		Name: "parquet", Suffixes: []string{".parquet", ".pq"}, Doc: "Apache Parquet: one table, for data frames",
		Holds: export.OneTable, Stream: write, Read: read,
	}
}

// groupRows is how many rows are held in memory and then written together.
const groupRows = 1 << 16

func write(ctx context.Context, w io.Writer, doc *export.Document) error {
	t, err := export.MainTable("parquet", doc)
	if err != nil {
		return err
	}
	if len(t.Columns) == 0 {
		return &export.FormatError{Format: "parquet", Where: "table " + t.Name, Err: errors.New("it has no columns")}
	}
	options := []parquet.WriterOption{
		parquet.NewSchema(t.Name, schemaOf(t)), parquet.Compression(&parquet.Snappy), parquet.MaxRowsPerRowGroup(groupRows),
	}
	for _, a := range doc.Attributes {
		options = append(options, parquet.KeyValueMetadata(a.Name, export.Plain(a.Value)))
	}
	out := parquet.NewGenericWriter[any](w, options...)
	row := make(parquet.Row, len(t.Columns))
	for values, err := range t.Checked(ctx) {
		if err != nil {
			return err
		}
		for i, v := range values {
			row[i] = valueOf(v, i)
		}
		if _, err := out.WriteRows([]parquet.Row{row}); err != nil {
			return fmt.Errorf("parquet: %w", err)
		}
	}
	return out.Close()
}

// columns is a group whose fields are in the order of a table's columns; parquet.Group sorts them by name.
type columns struct {
	parquet.Group
	place map[string]int
}

// Fields returns the columns in their order.
func (c columns) Fields() []parquet.Field {
	fields := c.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int { return cmp.Compare(c.place[a.Name()], c.place[b.Name()]) })
	return fields
}

func schemaOf(t *export.Table) parquet.Node {
	c := columns{parquet.Group{}, map[string]int{}}
	for i, column := range t.Columns {
		c.Group[column.Name], c.place[column.Name] = parquet.Optional(node(column.Kind)), i
	}
	return c
}

func node(k export.Kind) parquet.Node {
	switch k {
	case export.Int:
		return parquet.Int(64)
	case export.Float:
		return parquet.Leaf(parquet.DoubleType)
	case export.Bool:
		return parquet.Leaf(parquet.BooleanType)
	case export.Time:
		return parquet.Timestamp(parquet.Microsecond)
	case export.JSON:
		return parquet.JSON()
	case export.Text:
	}
	return parquet.String()
}

// valueOf makes a value one of the i-th column. Definition level 1 says that it is there.
func valueOf(v any, i int) parquet.Value {
	var value parquet.Value
	switch v := v.(type) {
	case nil:
		return parquet.NullValue().Level(0, 0, i)
	case time.Time:
		value = parquet.Int64Value(v.UnixMicro())
	case json.RawMessage:
		value = parquet.ByteArrayValue(v)
	case string:
		value = parquet.ByteArrayValue([]byte(v))
	case int64:
		value = parquet.Int64Value(v)
	case float64:
		value = parquet.DoubleValue(v)
	case bool:
		value = parquet.BooleanValue(v)
	}
	return value.Level(0, 1, i)
}
