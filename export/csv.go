package export

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
)

// CSV is comma-separated values as RFC 4180 has them, but with lines that end in a line feed: a heading, then
// a line a row. What there is not is empty. Reading, each cell is a text, which its use gives a type.
func CSV() Format {
	return Format{
		Name: "csv", Suffixes: []string{".csv"}, Doc: "comma-separated values: one table, for any program",
		Holds: OneTable, Stream: writeCSV, Read: readCSV,
	}
}

func writeCSV(ctx context.Context, w io.Writer, doc *Document) error {
	t, err := MainTable("csv", doc)
	if err != nil {
		return err
	}
	out := csv.NewWriter(w)
	record := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		record[i] = c.Name
	}
	if err := out.Write(record); err != nil {
		return err
	}
	for row, err := range t.Checked(ctx) {
		if err != nil {
			return err
		}
		for i, v := range row {
			record[i] = Plain(v)
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func readCSV(_ context.Context, f *os.File) (*Document, error) {
	in := bufio.NewReader(f)
	if mark, err := in.Peek(3); err == nil && bytes.Equal(mark, []byte("\xef\xbb\xbf")) { // spreadsheets write it
		_, _ = in.Discard(len(mark)) // it is in the buffer
	}
	r := csv.NewReader(in)
	heads, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("is empty: the first line must name the columns")
	}
	if err != nil {
		return nil, err
	}
	t := &Table{Name: Whole}
	for _, name := range heads {
		t.Columns = append(t.Columns, Column{Name: name, Kind: Text})
	}
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("line 1: %w", err)
	}
	var rows []Row
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			t.Rows = RowsOf(rows)
			return &Document{Tables: []*Table{t}}, nil
		}
		if err != nil {
			return nil, err
		}
		row := make(Row, len(record))
		for i, cell := range record {
			if cell != "" {
				row[i] = cell
			}
		}
		rows = append(rows, row)
	}
}
