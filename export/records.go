package export

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
)

// MainTable returns the main table of a document, for a format that holds one table: its first, or, if it has none, the
// first that [Flat] makes of what it has, such as its first array.
func MainTable(format string, doc *Document) (*Table, error) {
	if len(doc.Tables) > 0 {
		return doc.Tables[0], nil
	}
	if tables := Flat(doc); len(tables) > 0 {
		return tables[0], nil
	}
	return nil, &FormatError{Format: format, Err: errors.New("there is nothing to write")}
}

// Checked yields the rows of t as long as they fit its columns and ctx is not cancelled.
func (t *Table) Checked(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if t.Rows == nil {
			return
		}
		for row, err := range t.Rows {
			if err == nil {
				err = t.CheckRow(row)
			}
			if err == nil {
				err = ctx.Err()
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// Flat returns all tables of doc and of its groups, named by their way through the groups with dots between.
// An array of a group becomes a table, too: one of N dimensions has the columns i0, i1, … and value. The
// single values of a group are one table with the columns name and value, which is text.
func Flat(doc *Document) []*Table { return flat(doc, "") }

func flat(g *Group, path string) []*Table {
	under := func(name string) string { return strings.TrimPrefix(path+"."+name, ".") }
	var tables []*Table
	for _, t := range g.Tables {
		named := *t
		named.Name = under(t.Name)
		tables = append(tables, &named)
	}
	var values []Row
	for _, a := range g.Arrays {
		if len(a.Dims) == 0 {
			values = append(values, Row{a.Name, Plain(a.At(0))})
			continue
		}
		tables = append(tables, ArrayTable(under(a.Name), a))
	}
	if len(values) > 0 {
		tables = append(tables, &Table{
			Name: under("values"), Columns: []Column{{"name", Text}, {"value", Text}}, Rows: RowsOf(values),
		})
	}
	for _, sub := range g.Groups {
		tables = append(tables, flat(sub, under(sub.Name))...)
	}
	return tables
}

// ArrayTable is an array as a table: a row a value, with its indices, from 0, in the columns before it.
func ArrayTable(name string, a *Array) *Table {
	t := &Table{Name: name}
	for i := range a.Dims {
		t.Columns = append(t.Columns, Column{fmt.Sprintf("i%d", i), Int})
	}
	t.Columns = append(t.Columns, Column{"value", a.Kind()})
	t.Rows = func(yield func(Row, error) bool) {
		row := make(Row, len(t.Columns))
		for n := range a.Len() {
			rest := n
			for level := len(a.Dims) - 1; level >= 0; level-- {
				row[level] = int64(rest % a.Dims[level])
				rest /= a.Dims[level]
			}
			row[len(a.Dims)] = a.At(n)
			if !yield(row, nil) {
				return
			}
		}
	}
	return t
}

// Field is a value of a record that was read.
type Field struct {
	Name  string
	Value json.RawMessage
	// Word is a single value as plain text, to be understood as a word on the command line is; "" for JSON,
	// lists and objects.
	Word string
}

// Whole is the name of the table that a document is when its file is nothing but a list of records.
const Whole = "records"

// Records returns the records of a document that was read: the rows of the table [Whole], or else its tables, arrays
// and groups as a single record. What a record lacks is left out.
func Records(ctx context.Context, doc *Document) ([][]Field, error) {
	if len(doc.Tables) == 1 && doc.Tables[0].Name == Whole {
		return tableRecords(ctx, doc.Tables[0])
	}
	members, err := groupMembers(ctx, doc)
	return [][]Field{members}, err
}

func tableRecords(ctx context.Context, t *Table) ([][]Field, error) {
	var records [][]Field
	for row, err := range t.Checked(ctx) {
		if err != nil {
			return nil, err
		}
		var fields []Field
		for i, v := range row {
			if v == nil {
				continue
			}
			f, err := fieldOf(t.Columns[i].Name, v)
			if err != nil {
				return nil, err
			}
			fields = append(fields, f)
		}
		records = append(records, fields)
	}
	return records, nil
}

func fieldOf(name string, v any) (Field, error) {
	raw, err := appendJSON(nil, v)
	f := Field{Name: name, Value: raw}
	if _, isJSON := v.(json.RawMessage); !isJSON {
		f.Word = Plain(v)
	}
	return f, err
}

// groupMembers are the tables, arrays and groups of a group as JSON.
func groupMembers(ctx context.Context, g *Group) ([]Field, error) {
	var fields []Field
	for _, t := range g.Tables {
		raw, err := render(func(w *jsonWriter) error { return w.table(ctx, t, "") })
		if err != nil {
			return nil, err
		}
		fields = append(fields, Field{Name: t.Name, Value: raw})
	}
	for _, a := range g.Arrays {
		if len(a.Dims) == 0 {
			f, err := fieldOf(a.Name, a.At(0))
			if err != nil {
				return nil, err
			}
			fields = append(fields, f)
			continue
		}
		raw, err := render(func(w *jsonWriter) error { return w.array(a, a.Dims, new(int)) })
		if err != nil {
			return nil, err
		}
		fields = append(fields, Field{Name: a.Name, Value: raw})
	}
	for _, sub := range g.Groups {
		raw, err := render(func(w *jsonWriter) error { return w.group(ctx, sub, "") })
		if err != nil {
			return nil, err
		}
		fields = append(fields, Field{Name: sub.Name, Value: raw})
	}
	return fields, nil
}

// render returns what write writes.
func render(write func(*jsonWriter) error) (json.RawMessage, error) {
	var b bytes.Buffer
	w := &jsonWriter{Writer: bufio.NewWriter(&b)}
	err := errors.Join(write(w), w.Flush())
	return b.Bytes(), err
}
