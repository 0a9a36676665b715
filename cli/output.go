package cli

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// format is how a reading command writes its rows.
type format string

// The formats of -o.
const (
	asTable format = "table" // aligned columns for people
	asJSON  format = "json"  // one array of objects
	asJSONL format = "jsonl" // one object a line
	asCSV   format = "csv"   // a heading line, then a record a row
)

func formats() []string {
	return []string{string(asTable), string(asJSON), string(asJSONL), string(asCSV)}
}

// String, Set and Type make a format a flag.
func (f *format) String() string { return string(*f) }

// Set accepts one of the formats.
func (f *format) Set(s string) error {
	if !slices.Contains(formats(), s) {
		return fmt.Errorf("must be %s", strings.Join(formats(), ", "))
	}
	*f = format(s)
	return nil
}

// Type names the flag's values in the help.
func (f *format) Type() string { return "format" }

// addOutput gives cmd the flag -o, which sets a.format.
func (a *app) addOutput(cmd *cobra.Command) {
	a.format = asTable
	cmd.Flags().VarP(&a.format, "output", "o", "how to write: "+strings.Join(formats(), ", "))
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(fixed(formats()), cobra.ShellCompDirectiveNoFileComp))
}

func fixed(words []string) []cobra.Completion { return words }

// column declares one column of a command's output over rows of type T, for all formats at once.
//
// Value gives a nil (null, or an empty cell), string, bool, integer, float64, time.Time (RFC 3339
// UTC with microseconds), time.Duration (integer microseconds: Name ends in _us), json.RawMessage
// (nested as it is), a slice of these, or a type that one of these underlies.
type column[T any] struct {
	Name  string         // in JSON and CSV: snake_case, never renamed
	Head  string         // heading in the table; "" leaves the column out there
	Value func(T) any    // for all formats
	Show  func(T) string // for the table; nil shows Value for people
}

// rowsWriter writes rows of type T in the format that the command was given. Close must be called
// after the last row. The rows of a table are held back, up to a page of them, to align their
// columns; Flush writes them at once.
type rowsWriter[T any] struct {
	out     io.Writer
	format  format
	columns []column[T]
	count   int
	page    [][]string // rows of the table not yet written
	grid    grid
	csv     *csv.Writer
}

const pageRows = 1000 // rows of a table that are aligned together

// newRows starts the output of a command that declared its columns.
func newRows[T any](a *app, columns []column[T]) *rowsWriter[T] {
	return &rowsWriter[T]{out: a.stdout, format: a.format, columns: columns, csv: csv.NewWriter(a.stdout)}
}

// Add writes one row.
func (w *rowsWriter[T]) Add(row T) error {
	w.count++
	switch w.format {
	case asJSON:
		lead := ",\n"
		if w.count == 1 {
			lead = "[\n"
		}
		return w.object(lead, row, "")
	case asJSONL:
		return w.object("", row, "\n")
	case asCSV:
		return w.record(row)
	case asTable:
	}
	w.page = append(w.page, w.cells(row))
	if len(w.page) >= pageRows {
		return w.Flush()
	}
	return nil
}

// All writes all rows and closes.
func (w *rowsWriter[T]) All(rows []T) error {
	for _, row := range rows {
		if err := w.Add(row); err != nil {
			return err
		}
	}
	return w.Close()
}

// Flush writes what is held back. Commands that follow call it whenever they wait.
func (w *rowsWriter[T]) Flush() error {
	if w.format == asCSV {
		w.csv.Flush()
		return w.csv.Error()
	}
	if len(w.page) == 0 {
		return nil
	}
	page := w.page
	w.page = nil
	return w.grid.write(w.out, w.heads(), page)
}

// Close writes what is held back and ends the output.
func (w *rowsWriter[T]) Close() error {
	if w.format == asJSON {
		end := "\n]\n"
		if w.count == 0 {
			end = "[]\n"
		}
		_, err := io.WriteString(w.out, end)
		return err
	}
	if w.format == asCSV && w.count == 0 {
		if err := w.csv.Write(w.names()); err != nil {
			return err
		}
	}
	return w.Flush()
}

// object writes a row as JSON between lead and end.
func (w *rowsWriter[T]) object(lead string, row T, end string) error {
	doc, err := encodeRow(w.columns, row)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w.out, lead+string(doc)+end)
	return err
}

func (w *rowsWriter[T]) record(row T) error {
	if w.count == 1 {
		if err := w.csv.Write(w.names()); err != nil {
			return err
		}
	}
	record := make([]string, len(w.columns))
	for i, c := range w.columns {
		record[i] = plainText(c.Value(row))
	}
	return w.csv.Write(record)
}

func (w *rowsWriter[T]) names() []string {
	names := make([]string, len(w.columns))
	for i, c := range w.columns {
		names[i] = c.Name
	}
	return names
}

func (w *rowsWriter[T]) heads() []string {
	var heads []string
	for _, c := range w.columns {
		if c.Head != "" {
			heads = append(heads, c.Head)
		}
	}
	return heads
}

func (w *rowsWriter[T]) cells(row T) []string {
	var cells []string
	for _, c := range w.columns {
		if c.Head != "" {
			cells = append(cells, c.text(row))
		}
	}
	return cells
}

// text is the cell of the column for people.
func (c column[T]) text(row T) string {
	if c.Show != nil {
		return oneLine(c.Show(row))
	}
	return oneLine(humanText(c.Value(row)))
}

// writeRecord writes one row as the whole output of a command: as a table it is a line a column, as
// JSON one object. Empty cells are left out of the table.
func writeRecord[T any](a *app, columns []column[T], row T) error {
	switch a.format {
	case asJSON:
		doc, err := encodeRow(columns, row)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.stdout, "%s\n", doc)
		return err
	case asTable:
		var lines [][]string
		for _, c := range columns {
			if text := c.text(row); c.Head != "" && text != "" {
				lines = append(lines, []string{c.Head, text})
			}
		}
		var g grid
		return g.write(a.stdout, nil, lines)
	default:
		return newRows(a, columns).All([]T{row})
	}
}

// encodeRow makes the JSON object of a row; its fields are in the order of the columns.
func encodeRow[T any](columns []column[T], row T) (json.RawMessage, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, c := range columns {
		if i > 0 {
			b.WriteByte(',')
		}
		value, err := encodeValue(c.Value(row))
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		b.WriteString(strconv.Quote(c.Name) + ":")
		b.Write(value)
	}
	b.WriteByte('}')
	return json.RawMessage(b.String()), nil
}
