package xlsx

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/durable-wf/wf/export"
)

// maxUnzipped bounds what a file may unpack to, in bytes.
const maxUnzipped = 1 << 30

// read makes a table of the first sheet: its first row names the columns. Cells are texts, which their use
// gives a type: numbers with all their digits, dates as times in RFC 3339.
func read(_ context.Context, f *os.File) (_ *export.Document, err error) {
	file, err := excelize.OpenReader(f, excelize.Options{RawCellValue: true, UnzipSizeLimit: maxUnzipped})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	sheet := file.GetSheetName(0)
	rows, err := file.Rows(sheet)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	t := &export.Table{Name: export.Whole}
	var found []export.Row
	for n := 1; rows.Next(); n++ {
		words, err := rows.Columns()
		if err != nil {
			return nil, err
		}
		if n == 1 {
			for _, name := range words {
				t.Columns = append(t.Columns, export.Column{Name: name, Kind: export.Text})
			}
			continue
		}
		row, err := record(file, sheet, n, words, len(t.Columns))
		if err != nil {
			return nil, fmt.Errorf("sheet %s: row %d: %w", sheet, n, err)
		}
		if row != nil {
			found = append(found, row)
		}
	}
	if len(t.Columns) == 0 {
		return nil, fmt.Errorf("sheet %s is empty: its first row must name the columns", sheet)
	}
	doc := &export.Document{Tables: []*export.Table{t}}
	t.Rows = export.RowsOf(found)
	return doc, doc.Check()
}

// record makes a row of the words of one; nil if all are empty.
func record(file *excelize.File, sheet string, n int, words []string, columns int) (export.Row, error) {
	var row export.Row
	for i, word := range words {
		if word == "" {
			continue
		}
		if i >= columns {
			return nil, fmt.Errorf("%q stands in a column without a name", word)
		}
		if row == nil {
			row = make(export.Row, columns)
		}
		cell, err := excelize.CoordinatesToCellName(i+1, n)
		if err != nil {
			return nil, err
		}
		if row[i], err = typed(file, sheet, cell, word); err != nil {
			return nil, err
		}
	}
	return row, nil
}

// typed is what a cell's raw value stands for.
func typed(file *excelize.File, sheet, cell, word string) (string, error) {
	kind, err := file.GetCellType(sheet, cell)
	if err != nil {
		return "", err
	}
	switch kind {
	case excelize.CellTypeBool:
		return strconv.FormatBool(word == "1" || strings.EqualFold(word, "true")), nil
	case excelize.CellTypeUnset, excelize.CellTypeNumber, excelize.CellTypeDate:
		date, err := isDate(file, sheet, cell)
		serial, bad := strconv.ParseFloat(word, 64)
		if err != nil || !date || bad != nil {
			return word, err
		}
		t, err := excelize.ExcelDateToTime(serial, false)
		return export.Plain(t), err
	case excelize.CellTypeError:
		return "", fmt.Errorf("cell %s holds the error %s", cell, word)
	default:
		return word, nil
	}
}

// isDate reports whether a cell shows its number as a date.
func isDate(file *excelize.File, sheet, cell string) (bool, error) {
	id, err := file.GetCellStyle(sheet, cell)
	if err != nil || id == 0 {
		return false, err
	}
	style, err := file.GetStyle(id)
	if err != nil {
		return false, err
	}
	if style.CustomNumFmt != nil {
		return strings.Contains(strings.ToLower(*style.CustomNumFmt), "yy"), nil
	}
	return style.NumFmt >= 14 && style.NumFmt <= 17 || style.NumFmt == 22, nil
}
