// Package xlsx writes and reads spreadsheets in Office Open XML (ECMA-376), as Excel and LibreOffice do.
//
// Each table is a sheet whose first row names the columns and stays in view. Numbers are exact: an integer
// that a spreadsheet, which computes in float64, would round is written as text, as are NaN and the
// infinities. Times are dates, in UTC. Control characters, for which XML has no place, are written as their
// pictures: ␛ for ESC.
package xlsx

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/durable-wf/wf/export"
)

// Format is the format xlsx: all tables of a document, a sheet each.
func Format() export.Format {
	return export.Format{
		Name: "xlsx", Suffixes: []string{".xlsx"}, Doc: "a spreadsheet: a sheet for each table",
		Holds: export.AllTables, Stream: write, Read: read,
	}
}

// The limits of a sheet.
const (
	maxRows    = 1_048_576
	maxColumns = 16_384
	maxText    = 32_767 // characters of a cell, in UTF-16
	maxName    = 31     // characters of a sheet's name
	exact      = 1 << 53
)

const dateLayout = "yyyy-mm-dd hh:mm:ss.000"

func write(ctx context.Context, w io.Writer, doc *export.Document) (err error) {
	file := excelize.NewFile()
	defer func() { err = errors.Join(err, file.Close()) }()
	tables := export.Flat(doc)
	if about := export.About(doc); about != nil {
		tables = append(tables, about)
	}
	book, err := newBook(file)
	if err != nil {
		return err
	}
	for i, name := range sheetNames(tables) {
		if err := book.sheet(ctx, i, name, tables[i]); err != nil {
			return &export.FormatError{Format: "xlsx", Where: "table " + tables[i].Name, Err: err}
		}
	}
	return file.Write(w)
}

// sheetNames makes names that spreadsheets accept. "History" is a name that Excel keeps for itself.
func sheetNames(tables []*export.Table) []string {
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = strings.Trim(strings.NewReplacer(
			":", "_", `\`, "_", "/", "_", "?", "_", "*", "_", "[", "_", "]", "_").Replace(t.Name), "'")
		if strings.EqualFold(names[i], "history") {
			names[i] = "events"
		}
	}
	return export.Distinct(names, maxName)
}

// book is a file that is being written, with its styles.
type book struct {
	file       *excelize.File
	head, date int
}

func newBook(file *excelize.File) (*book, error) {
	head, err := file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return nil, err
	}
	layout := dateLayout
	date, err := file.NewStyle(&excelize.Style{CustomNumFmt: &layout})
	return &book{file, head, date}, err
}

// sheet writes a table as the i-th sheet. Its rows pass through a temporary file, not through memory.
func (b *book) sheet(ctx context.Context, i int, name string, t *export.Table) error {
	if len(t.Columns) > maxColumns {
		return fmt.Errorf("%d columns are more than the %d of a sheet; csv and parquet have room", len(t.Columns), maxColumns)
	}
	if err := b.addSheet(i, name); err != nil {
		return err
	}
	out, err := b.file.NewStreamWriter(name)
	if err != nil {
		return err
	}
	if err := b.heads(out, t); err != nil {
		return err
	}
	cells, n := make([]any, len(t.Columns)), 1
	for row, err := range t.Checked(ctx) {
		if err != nil {
			return err
		}
		if n++; n > maxRows {
			return fmt.Errorf("it has more than the %d rows of a sheet; csv, parquet and sqlite have room", maxRows)
		}
		for c, v := range row {
			if cells[c], err = b.cell(v); err != nil {
				return fmt.Errorf("row %d: column %s: %w", n, t.Columns[c].Name, err)
			}
		}
		if err := out.SetRow(fmt.Sprintf("A%d", n), cells); err != nil {
			return err
		}
	}
	return out.Flush()
}

// addSheet makes the i-th sheet; a new file has one already.
func (b *book) addSheet(i int, name string) error {
	if i == 0 {
		return b.file.SetSheetName(b.file.GetSheetName(0), name)
	}
	_, err := b.file.NewSheet(name)
	return err
}

// heads writes the first row, and makes columns of dates wide enough to be seen.
func (b *book) heads(out *excelize.StreamWriter, t *export.Table) error {
	heads := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		heads[i] = excelize.Cell{StyleID: b.head, Value: c.Name}
		width := float64(min(max(utf8.RuneCountInString(c.Name)+2, 10), 40))
		if c.Kind == export.Time {
			width = float64(len(dateLayout) + 1)
		}
		if err := out.SetColWidth(i+1, i+1, width); err != nil {
			return err
		}
	}
	if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	return out.SetRow("A1", heads)
}

// firstDay is the first that all spreadsheets agree on.
var firstDay = time.Date(1900, 3, 1, 0, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant

// cell makes a value one of a sheet.
func (b *book) cell(v any) (any, error) {
	switch v := v.(type) {
	case int64:
		if v > exact || v < -exact {
			return export.Plain(v), nil
		}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return export.Plain(v), nil
		}
	case time.Time:
		if v.Before(firstDay) {
			return export.Plain(v), nil
		}
		return excelize.Cell{StyleID: b.date, Value: v.UTC()}, nil
	case json.RawMessage:
		return text(string(v))
	case string:
		return text(v)
	}
	return v, nil
}

// text refuses what the library would cut off.
func text(s string) (any, error) {
	n := 0
	for _, r := range s {
		n++
		if r > 0xffff {
			n++
		}
	}
	if n > maxText {
		return nil, fmt.Errorf("%d characters are more than the %d of a cell; every other format has room", n, maxText)
	}
	return strings.Map(picture, s), nil
}

// picture replaces a control character that XML does not know by the one of Unicode that shows it.
func picture(r rune) rune {
	if r < ' ' && r != '\t' && r != '\n' && r != '\r' {
		return 0x2400 + r
	}
	return r
}
