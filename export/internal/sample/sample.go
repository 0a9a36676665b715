// Package sample holds a document with everything that formats find hard, for their tests.
package sample

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/durable-wf/wf/export"
)

// Time is a moment with microseconds.
var Time = time.Date(2024, 2, 29, 23, 59, 59, 123456000, time.UTC) //nolint:gochecknoglobals // a constant

// Document has a table of all kinds with extreme values, an empty one, arrays and groups.
func Document() *export.Document {
	return &export.Document{
		Attributes: []export.Attribute{{Name: "uuid", Value: "0192-é"}, {Name: "runs", Value: int64(3)}, {Name: "at", Value: Time}},
		Tables: []*export.Table{Table(), {
			Name: "history", Columns: []export.Column{{Name: "id", Kind: export.Int}}, Rows: export.RowsOf(nil),
		}},
		Arrays: []*export.Array{export.Scalar("pi", math.Pi), export.Scalar("steps", int64(7))},
		Groups: []*export.Group{{
			Name: "state", Arrays: []*export.Array{
				{Name: "u", Dims: []int{2, 3}, Data: []float64{0.1, math.NaN(), math.Inf(1), math.Inf(-1), 5e-324, -0.25}},
				{Name: "n", Dims: []int{3}, Data: []int64{math.MinInt64, 0, math.MaxInt64}},
				{Name: "none", Dims: []int{0}, Data: []float64{}},
			},
		}},
	}
}

// Table has a column of each kind, named so that formats have to take care.
func Table() *export.Table {
	return &export.Table{
		Name: "results",
		Columns: []export.Column{
			{Name: "id", Kind: export.Int}, {Name: "größe \"x\"", Kind: export.Float}, {Name: "Text", Kind: export.Text},
			{Name: "ok", Kind: export.Bool}, {Name: "at", Kind: export.Time}, {Name: "doc", Kind: export.JSON},
			{Name: "a", Kind: export.Text},
		},
		Rows: export.RowsOf([]export.Row{
			{int64(math.MaxInt64), 0.1, "plain", true, Time, json.RawMessage(`{"a":[1,"x"]}`), "last"},
			{int64(math.MinInt64), math.NaN(), "comma, \"quote\"\nline\ttab", false, Time.Add(-time.Microsecond), json.RawMessage(`"s"`), nil},
			{nil, nil, nil, nil, nil, nil, nil},
			{int64(1 << 53), math.Inf(1), "日本 😀 <&> _x0041_", true, Time, json.RawMessage(`[]`), "=1+1"},
			{int64(1<<53 + 1), math.Inf(-1), strings.Repeat("long ", 1000), nil, time.Date(1969, 7, 20, 20, 17, 40, 0, time.UTC), nil, " space "},
			{int64(-5), 5e-324, "007", nil, nil, nil, "NaN"},
			{int64(0), math.MaxFloat64, "\u0001", false, nil, nil, "0"},
			{int64(3), 3.0, "1e5", true, nil, nil, "true"},
		}),
	}
}

// Canon is a value as the readers in other languages print it: its type and, exactly, its value.
func Canon(v any) string {
	switch v := v.(type) {
	case nil:
		return "none"
	case int64:
		return fmt.Sprintf("int %d", v)
	case bool:
		return fmt.Sprintf("bool %t", v)
	case float64:
		if math.IsNaN(v) {
			return "float nan"
		}
		return fmt.Sprintf("float %016x", math.Float64bits(v))
	case time.Time:
		return "time " + v.UTC().Format(export.TimeLayout)
	case json.RawMessage:
		return "text " + string(v)
	}
	return fmt.Sprintf("text %s", v)
}

// Rows are the rows of t, each value as want makes it.
func Rows(t *export.Table, want func(any) string) [][]string {
	rows := [][]string{}
	if t.Rows == nil {
		return rows
	}
	for row, err := range t.Rows {
		if err != nil {
			panic(err) // the rows are in memory
		}
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = want(v)
		}
		rows = append(rows, cells)
	}
	return rows
}

// Python is the function canon in Python, the counterpart of Canon.
const Python = `
import json, struct, sys, math, datetime
def canon(v):
    if v is None: return "none"
    if isinstance(v, bool): return "bool true" if v else "bool false"
    if isinstance(v, int): return "int %d" % v
    if isinstance(v, float): return "float nan" if math.isnan(v) else "float " + struct.pack(">d", v).hex()
    if isinstance(v, datetime.datetime): return "time " + v.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return "text " + str(v)
`
