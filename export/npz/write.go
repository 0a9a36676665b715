package npz

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/durable-wf/wf/export"
	"github.com/durable-wf/wf/export/internal/pieces"
	"github.com/durable-wf/wf/export/internal/survey"
)

// maxText is how many bytes the texts of a table or array may take in NumPy.
const maxText = 4 << 30

func (w writer) array(ctx context.Context, name string, a *export.Array) error {
	descr, width, err := arrayType(a.Data)
	if err != nil {
		return err
	}
	out, err := w.begin(name, header{descr: descr, dims: a.Dims})
	if err != nil {
		return err
	}
	for part, err := range elements(a.Data, width) {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			_, err = out.Write(part)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// arrayType returns the type of an array as a literal, and the width of its texts.
func arrayType(data any) (descr string, width int, err error) {
	switch v := data.(type) {
	case []float64:
		return "'<f8'", 0, nil
	case []float32:
		return "'<f4'", 0, nil
	case []int64:
		return "'<i8'", 0, nil
	case []bool:
		return "'|b1'", 0, nil
	case []byte:
		return "'|u1'", 0, nil
	case []string:
		for _, s := range v {
			width = max(width, utf8.RuneCountInString(s))
		}
		width = max(width, 1)
		return fmt.Sprintf("'<U%d'", width), width, checkWidth(len(v), width)
	}
	return "", 0, fmt.Errorf("a %T cannot be an array", data)
}

func checkWidth(n, width int) error {
	if float64(n)*float64(width)*4 > maxText {
		return fmt.Errorf("%d texts of up to %d characters would take more than 4 GiB in NumPy, where all have the width of the longest: "+
			"export to hdf5, parquet or csv", n, width)
	}
	return nil
}

// elements yields the bytes of an array piece by piece.
func elements(data any, width int) iter.Seq2[[]byte, error] {
	if numbers, ok := pieces.OfNumbers(data); ok {
		return numbers
	}
	texts, _ := data.([]string) // arrayType has seen to it
	return pieces.Of(texts, func(b []byte, part []string) (_ []byte, err error) {
		for _, s := range part {
			if b, err = appendText(b, s, width); err != nil {
				return nil, err
			}
		}
		return b, nil
	})
}

// appendText appends s in UTF-32, filled up with zeros to width characters.
func appendText(b []byte, s string, width int) ([]byte, error) {
	if strings.HasSuffix(s, "\x00") {
		return nil, errors.New("a text ends with a zero byte, which NumPy drops")
	}
	if !utf8.ValidString(s) {
		return nil, errors.New("a text is not valid UTF-8")
	}
	end := len(b) + 4*width
	for _, r := range s {
		b = binary.LittleEndian.AppendUint32(b, uint32(r))
	}
	return append(b, make([]byte, end-len(b))...), nil
}

// table writes a structured array, or an array for each column if NumPy would not load that.
func (w writer) table(ctx context.Context, name string, t *export.Table) error {
	columns, rows, err := survey.Of(ctx, t)
	if err != nil {
		return err
	}
	if len(columns) == 0 {
		return nil
	}
	h := header{dims: []int{rows}, descr: "["}
	width := 0
	for _, c := range columns {
		h.descr += "(" + pyText(c.Name) + ", " + columnType(c) + "), "
		if c.Stored() == export.Text {
			width += max(c.Runes, 1)
		}
	}
	if err := checkWidth(rows, width); err != nil {
		return err
	}
	h.descr = strings.TrimSuffix(h.descr, ", ") + "]"
	if len(h.encode()) <= maxHeader {
		return w.rows(ctx, name, h, t, columns, 0)
	}
	for i := range columns {
		h.descr = columnType(columns[i])
		if err := w.rows(ctx, name+"/"+strings.ReplaceAll(columns[i].Name, "/", ":"), h, t, columns[i:i+1], i); err != nil {
			return err
		}
	}
	return nil
}

// rows writes some columns of a table, from the one with number first on.
func (w writer) rows(ctx context.Context, name string, h header, t *export.Table, columns []survey.Column, first int) error {
	entry, err := w.begin(name, h)
	if err != nil || h.dims[0] == 0 {
		return err
	}
	out := bufio.NewWriterSize(entry, 64<<10)
	var buf []byte
	for row, err := range t.Rows {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		buf = buf[:0]
		for i := range columns {
			c := &columns[i]
			if buf, err = appendValue(buf, c.Value(row[first+i]), max(c.Runes, 1)); err != nil {
				return &export.FormatError{Format: "npz", Where: t.Name + ": column " + c.Name, Err: err}
			}
		}
		if _, err := out.Write(buf); err != nil {
			return err
		}
	}
	return out.Flush()
}

func columnType(c survey.Column) string {
	switch c.Stored() {
	case export.Int:
		return "'<i8'"
	case export.Float:
		return "'<f8'"
	case export.Bool:
		return "'|b1'"
	case export.Time:
		return "'<M8[us]'"
	default:
		return fmt.Sprintf("'<U%d'", max(c.Runes, 1))
	}
}

func appendValue(b []byte, value any, width int) ([]byte, error) {
	switch v := value.(type) {
	case float64:
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(v)), nil
	case int64:
		return binary.LittleEndian.AppendUint64(b, uint64(v)), nil
	case bool:
		return binary.Append(b, binary.LittleEndian, v)
	case string:
		return appendText(b, v, width)
	}
	return nil, fmt.Errorf("a %T cannot be in a table", value)
}
