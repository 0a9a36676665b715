package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

type cell struct {
	name string
	v    any
}

func cellColumns() []column[cell] {
	return []column[cell]{
		{Name: "name", Head: "NAME", Value: func(c cell) any { return c.name }},
		{Name: "value", Head: "VALUE", Value: func(c cell) any { return c.v }},
		{Name: "hidden", Value: func(cell) any { return true }},
	}
}

func TestRows(t *testing.T) {
	t.Parallel()
	moment := time.Date(2026, 11, 23, 1, 2, 3, 4000, time.FixedZone("", 3600))
	rows := []cell{
		{"time", moment}, {"took_us", 1500 * time.Microsecond}, {"big", uint64(math.MaxUint64)}, {"nan", math.NaN()},
		{"none", nil}, {"never", time.Time{}}, {"doc", json.RawMessage(`{ "a": [1, 2] }`)}, {"text", `a "b", <c>`}, {"words", []string{"x", "y"}},
		{"no words", []string(nil)}, {"ÄÖ", 7},
	}
	tests := []struct {
		format format
		rows   []cell
		want   string
	}{
		{asTable, rows, `NAME      VALUE
time      2026-11-23 00:02:03
took_us   1.5ms
big       18446744073709551615
nan       NaN
none
never
doc       {"a":[1,2]}
text      a "b", <c>
words     x y
no words
ÄÖ        7
`},
		{asJSONL, rows, `{"name":"time","value":"2026-11-23T00:02:03.000004Z","hidden":true}
{"name":"took_us","value":1500,"hidden":true}
{"name":"big","value":18446744073709551615,"hidden":true}
{"name":"nan","value":"NaN","hidden":true}
{"name":"none","value":null,"hidden":true}
{"name":"never","value":null,"hidden":true}
{"name":"doc","value":{"a":[1,2]},"hidden":true}
{"name":"text","value":"a \"b\", <c>","hidden":true}
{"name":"words","value":["x","y"],"hidden":true}
{"name":"no words","value":[],"hidden":true}
{"name":"ÄÖ","value":7,"hidden":true}
`},
		{asCSV, rows, `name,value,hidden
time,2026-11-23T00:02:03.000004Z,true
took_us,1500,true
big,18446744073709551615,true
nan,NaN,true
none,,true
never,,true
doc,"{""a"":[1,2]}",true
text,"a ""b"", <c>",true
words,"[""x"",""y""]",true
no words,[],true
ÄÖ,7,true
`},
		{asJSON, rows[:2], `[
{"name":"time","value":"2026-11-23T00:02:03.000004Z","hidden":true},
{"name":"took_us","value":1500,"hidden":true}
]
`},
		{asJSON, nil, "[]\n"},
		{asJSONL, nil, ""},
		{asCSV, nil, "name,value,hidden\n"},
		{asTable, nil, ""},
	}
	for _, test := range tests {
		t.Run(string(test.format), func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			a := &app{stdout: &out, format: test.format}
			if err := newRows(a, cellColumns()).All(test.rows); err != nil {
				t.Fatal(err)
			}
			if out.String() != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", &out, test.want)
			}
		})
	}
}

// TestNumbersAlignRight aligns a column of numbers by their ends, and writes the heading once.
func TestNumbersAlignRight(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := newRows(&app{stdout: &out, format: asTable}, cellColumns())
	for _, n := range []int{5, 1000} {
		if err := errors.Join(w.Add(cell{"n", n}), w.Flush()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := "NAME  VALUE\nn         5\nn      1000\n"
	if out.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", &out, want)
	}
}

// TestTableIsHarmless keeps an error text from moving a terminal's cursor or breaking the table.
func TestTableIsHarmless(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := newRows(&app{stdout: &out, format: asTable}, cellColumns()).All([]cell{{"x", "a\n\x1b[2Jb\rc"}}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\r") || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("got %q", &out)
	}
}
