// Package survey looks through a table before it is written, for formats whose columns have no place for a missing
// value or for texts of any length: it finds out how each column can be stored.
package survey

import (
	"context"
	"encoding/json"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/durable-wf/wf/export"
)

// exact is the largest integer up to which a float64 holds all.
const exact = 1 << 53

// NotATime is what NumPy takes for a missing time.
const NotATime = math.MinInt64

// Column is what is known of a column once all rows were seen.
type Column struct {
	Name    string
	Kind    export.Kind
	Missing bool // some values are
	Wide    bool // some integer is too large for a float64
	Runes   int  // of the longest text as it is stored
}

// Of goes through the rows of t, which it checks, and counts them.
func Of(ctx context.Context, t *export.Table) ([]Column, int, error) {
	columns := make([]Column, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = Column{Name: c.Name, Kind: c.Kind}
	}
	rows := 0
	if t.Rows == nil {
		return columns, 0, nil
	}
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
		for i := range columns {
			columns[i].see(row[i])
		}
	}
	return columns, rows, nil
}

func (c *Column) see(value any) {
	switch v := value.(type) {
	case nil:
		c.Missing = true
	case string:
		c.Runes = max(c.Runes, utf8.RuneCountInString(v))
	case json.RawMessage:
		c.Runes = max(c.Runes, utf8.RuneCount(v))
	case int64:
		c.Wide = c.Wide || v > exact || v < -exact
		c.Runes = max(c.Runes, len(strconv.FormatInt(v, 10)))
	}
}

// Stored returns the kind that the values of c are stored as: Int, Float, Bool, Text or Time. Integers and truth values
// of which some are missing become floats, or texts if they are too large for that; JSON becomes text.
func (c *Column) Stored() export.Kind {
	switch {
	case c.Kind == export.JSON:
		return export.Text
	case c.Kind != export.Int && c.Kind != export.Bool, !c.Missing:
		return c.Kind
	case c.Wide:
		return export.Text
	}
	return export.Float
}

// Value returns a value of c as Stored says: an int64, float64, bool or string, and microseconds since 1970 as an int64
// for a time. What is missing becomes NaN, NotATime or the empty text.
func (c *Column) Value(value any) any {
	stored := c.Stored()
	switch v := value.(type) {
	case nil:
		return missing(stored)
	case time.Time:
		return v.UnixMicro()
	case json.RawMessage:
		return string(v)
	case int64:
		if stored == export.Float {
			return float64(v)
		}
		if stored == export.Text {
			return strconv.FormatInt(v, 10)
		}
	case bool:
		switch {
		case stored != export.Float:
		case v:
			return 1.0
		default:
			return 0.0
		}
	}
	return value
}

func missing(stored export.Kind) any {
	switch stored {
	case export.Time:
		return int64(NotATime)
	case export.Text:
		return ""
	default:
		return math.NaN()
	}
}
