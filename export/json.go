package export

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/go-json-experiment/json/jsontext"
)

// JSONDocument is a JSON object: attributes, then each table as a list of objects, each array as a value or
// as lists inside lists, each group as an object again. A float always has a point or an exponent; NaN and
// the infinities are the strings "NaN", "Infinity" and "-Infinity".
func JSONDocument() Format {
	return Format{
		Name: "json", Suffixes: []string{".json"}, Doc: "one JSON object: all tables, arrays and facts",
		Holds: All, Stream: writeJSON, Read: readJSON,
	}
}

// JSONLines is the main table, as a JSON object a line.
func JSONLines() Format {
	return Format{
		Name: "jsonl", Suffixes: []string{".jsonl", ".ndjson"}, Doc: "a JSON object a line: one table, for jq and for streams",
		Holds: OneTable, Stream: writeLines, Read: readJSON,
	}
}

func writeJSON(ctx context.Context, w io.Writer, doc *Document) error {
	out := &jsonWriter{Writer: bufio.NewWriter(w)}
	err := out.group(ctx, doc, "\n")
	return errors.Join(err, out.text("\n"), out.Flush())
}

func writeLines(ctx context.Context, w io.Writer, doc *Document) error {
	t, err := MainTable("jsonl", doc)
	if err != nil {
		return err
	}
	out := &jsonWriter{Writer: bufio.NewWriter(w)}
	for row, err := range t.Checked(ctx) {
		if err != nil {
			return err
		}
		if err := errors.Join(out.row(t, row), out.text("\n")); err != nil {
			return err
		}
	}
	return out.Flush()
}

// jsonWriter writes values; buf is reused.
type jsonWriter struct {
	*bufio.Writer
	buf []byte
}

func (w *jsonWriter) text(s string) error {
	_, err := w.WriteString(s)
	return err
}

func (w *jsonWriter) value(v any) (err error) {
	if w.buf, err = appendJSON(w.buf[:0], v); err != nil {
		return err
	}
	_, err = w.Write(w.buf)
	return err
}

// group writes g; each member begins on a line of its own after the indentation nl.
func (w *jsonWriter) group(ctx context.Context, g *Group, nl string) error {
	inner, lead := nl+"  ", "{"
	begin := func(name string) error {
		err := errors.Join(w.text(lead+inner), w.value(name), w.text(": "))
		lead = ","
		return err
	}
	if len(g.Attributes) > 0 {
		name := "attributes"
		for g.has(name) {
			name += "_"
		}
		if err := errors.Join(begin(name), w.attributes(g.Attributes, inner)); err != nil {
			return err
		}
	}
	for _, t := range g.Tables {
		if err := errors.Join(begin(t.Name), w.table(ctx, t, inner)); err != nil {
			return err
		}
	}
	for _, a := range g.Arrays {
		next := 0
		if err := errors.Join(begin(a.Name), w.array(a, a.Dims, &next)); err != nil {
			return err
		}
	}
	for _, sub := range g.Groups {
		if err := errors.Join(begin(sub.Name), w.group(ctx, sub, inner)); err != nil {
			return err
		}
	}
	if lead == "{" {
		return w.text("{}")
	}
	return w.text(nl + "}")
}

func (w *jsonWriter) attributes(all []Attribute, nl string) error {
	for i, a := range all {
		lead := ","
		if i == 0 {
			lead = "{"
		}
		if err := errors.Join(w.text(lead+nl+"  "), w.value(a.Name), w.text(": "), w.value(a.Value)); err != nil {
			return err
		}
	}
	return w.text(nl + "}")
}

func (w *jsonWriter) table(ctx context.Context, t *Table, nl string) error {
	lead := "["
	for row, err := range t.Checked(ctx) {
		if err == nil {
			err = errors.Join(w.text(lead+nl+"  "), w.row(t, row))
		}
		if err != nil {
			return err
		}
		lead = ","
	}
	if lead == "[" {
		return w.text("[]")
	}
	return w.text(nl + "]")
}

func (w *jsonWriter) row(t *Table, row Row) error {
	for i, v := range row {
		lead := ","
		if i == 0 {
			lead = "{"
		}
		if err := errors.Join(w.text(lead), w.value(t.Columns[i].Name), w.text(":"), w.value(v)); err != nil {
			return err
		}
	}
	if len(row) == 0 {
		return w.text("{}")
	}
	return w.text("}")
}

// array writes the values of a from the next one on as lists of these dimensions.
func (w *jsonWriter) array(a *Array, dims []int, next *int) error {
	if len(dims) == 0 {
		*next++
		return w.value(a.At(*next - 1))
	}
	if err := w.text("["); err != nil {
		return err
	}
	for i := range dims[0] {
		if i > 0 {
			if err := w.text(","); err != nil {
				return err
			}
		}
		if err := w.array(a, dims[1:], next); err != nil {
			return err
		}
	}
	return w.text("]")
}

// readJSON reads an object, a list of objects, or objects one after the other; each is a record.
func readJSON(_ context.Context, f *os.File) (*Document, error) {
	dec := jsontext.NewDecoder(bufio.NewReader(f))
	var records [][]Member
	add := func(value jsontext.Value) error {
		if err := (&value).Compact(); err != nil {
			return err
		}
		members, err := Members(json.RawMessage(value))
		if err != nil {
			return fmt.Errorf("record %d: %w", len(records)+1, err)
		}
		records = append(records, members)
		return nil
	}
	lists := dec.PeekKind() == '['
	if lists {
		if _, err := dec.ReadToken(); err != nil {
			return nil, err
		}
	}
	for !lists || dec.PeekKind() != ']' {
		value, err := dec.ReadValue()
		if errors.Is(err, io.EOF) && !lists {
			break
		}
		if err == nil {
			err = add(bytes.Clone(value))
		}
		if err != nil {
			return nil, err
		}
	}
	return recordDocument(records), nil
}

// recordDocument is a document with one table of JSON values, so that none is changed on its way.
func recordDocument(records [][]Member) *Document {
	t := TableOfMembers(Whole, records)
	for i := range t.Columns {
		t.Columns[i].Kind = JSON
	}
	return &Document{Tables: []*Table{t}}
}
