package export_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/durable-wf/wf/export"
)

// unfolded is the array that a document becomes.
func unfolded(t *testing.T, doc string) *export.Array {
	t.Helper()
	var g export.Group
	if err := g.Unfold("x", json.RawMessage(doc)); err != nil {
		t.Fatal(err)
	}
	if err := g.Check(); err != nil {
		t.Errorf("%s: %v", doc, err)
	}
	if len(g.Arrays) != 1 {
		t.Fatalf("%s became %+v, not an array", doc, g)
	}
	return g.Arrays[0]
}

func TestArraysKeepTheirTypes(t *testing.T) {
	t.Parallel()
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		doc  string
		dims []int
		data any
	}{
		{`5`, nil, []int64{5}},
		{`9223372036854775807`, nil, []int64{math.MaxInt64}},
		{`5.0`, nil, []float64{5}},
		{`-0`, nil, []float64{math.Copysign(0, -1)}},
		{`"Infinity"`, nil, []float64{inf}},
		{`"Inf"`, nil, []string{"Inf"}},
		{`true`, nil, []bool{true}},
		{`"a/b"`, nil, []string{"a/b"}},
		{`18446744073709551615`, nil, []string{"18446744073709551615"}},
		{`1e999`, nil, []string{"1e999"}},
		{`[]`, []int{0}, []float64{}},
		{`[[],[]]`, []int{2, 0}, []float64{}},
		{`[1,2,3]`, []int{3}, []int64{1, 2, 3}},
		{` [ 1 , 2.5 ] `, []int{2}, []float64{1, 2.5}},
		{`[1,"NaN",2]`, []int{3}, []float64{1, nan, 2}},
		{`["NaN","-Infinity"]`, []int{2}, []float64{nan, -inf}},
		{`["NaN","a"]`, []int{2}, []string{"NaN", "a"}},
		{`["a","Infinity"]`, []int{2}, []string{"a", "Infinity"}},
		{`[true,false]`, []int{2}, []bool{true, false}},
		{`[[1,2,3],[4,5,6]]`, []int{2, 3}, []int64{1, 2, 3, 4, 5, 6}},
		{`[[[1],[2]],[[3],[4.5]]]`, []int{2, 2, 1}, []float64{1, 2, 3, 4.5}},
		// What no array holds is its text.
		{`[[1,2],[3]]`, nil, []string{`[[1,2],[3]]`}},
		{`[1,[2]]`, nil, []string{`[1,[2]]`}},
		{`[[1],2]`, nil, []string{`[[1],2]`}},
		{`[[],1]`, nil, []string{`[[],1]`}},
		{`[1,"a"]`, nil, []string{`[1,"a"]`}},
		{`["NaN",1,"a"]`, nil, []string{`["NaN",1,"a"]`}},
		{`[true,1]`, nil, []string{`[true,1]`}},
		{`[1,null]`, nil, []string{`[1,null]`}},
		{`[9007199254740993,0.5]`, nil, []string{`[9007199254740993,0.5]`}},
		{`[0.5,9007199254740993]`, nil, []string{`[0.5,9007199254740993]`}},
		{`[1,{"a":2}]`, nil, []string{`[1,{"a":2}]`}},
		{`[{"a":1},2]`, nil, []string{`[{"a":1},2]`}},
	} {
		want := &export.Array{Name: "x", Dims: c.dims, Data: c.data}
		if diff := cmp.Diff(want, unfolded(t, c.doc), cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", c.doc, diff)
		}
	}
	if f := unfolded(t, `-0`).Data.([]float64)[0]; !math.Signbit(f) {
		t.Error("the sign of -0 is lost")
	}
}

func TestObjectsBecomeGroupsAndListsOfObjectsTables(t *testing.T) {
	t.Parallel()
	var g export.Group
	err := g.Unfold("state", json.RawMessage(`{"i":1,"none":null,"a/b":"x","a:b":"y","grid":{"u":[[1,2]]},
		"rows":[{"n":1,"x":1,"s":"NaN","m":1},{"n":2,"x":0.5,"t":"z","s":"b","m":{"k": 1}},{"x":"Infinity","n":null}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Check(); err != nil {
		t.Fatal(err)
	}
	state := g.Groups[0]
	var names []string
	for _, a := range state.Arrays {
		names = append(names, a.Name)
	}
	if diff := cmp.Diff([]string{"i", "a:b", "a:b_"}, names); diff != "" {
		t.Errorf("arrays:\n%s", diff)
	}
	if got := state.Groups[0]; got.Name != "grid" || got.Arrays[0].Name != "u" {
		t.Errorf("the group inside is %+v", got)
	}
	table := state.Tables[0]
	columns := []export.Column{{"n", export.Int}, {"x", export.Float}, {"s", export.Text}, {"m", export.JSON}, {"t", export.Text}}
	if diff := cmp.Diff(columns, table.Columns); diff != "" {
		t.Errorf("columns:\n%s", diff)
	}
	rows := []export.Row{
		{int64(1), 1.0, "NaN", json.RawMessage("1"), nil},
		{int64(2), 0.5, "b", json.RawMessage(`{"k":1}`), "z"},
		{nil, math.Inf(1), nil, nil, nil},
	}
	if diff := cmp.Diff(rows, collect(t, table)); diff != "" {
		t.Errorf("rows:\n%s", diff)
	}
}

// collect returns the rows of a table, each checked against its columns.
func collect(t *testing.T, table *export.Table) []export.Row {
	t.Helper()
	var rows []export.Row
	for row, err := range table.Rows {
		if err == nil {
			err = table.CheckRow(row)
		}
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, append(export.Row(nil), row...))
	}
	return rows
}

func FuzzUnfold(f *testing.F) {
	for _, doc := range []string{`[[1,2],[3,4.5]]`, `{"a":[{"b":"NaN"},{"b":1}]}`, `["NaN",null]`, `[[[]]]`, `{"":{"/":"\ud83d\ude00"}}`} {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		var g export.Group
		if g.Unfold("x", json.RawMessage(doc)) != nil {
			return
		}
		if err := g.Check(); err != nil {
			t.Errorf("%q: %v", doc, err)
		}
		for _, table := range g.Tables {
			collect(t, table)
		}
	})
}

// Objects in the objects of a list become columns, so that a table of results has a column for each figure; and what is
// missing where others have an object is no column of its own.
func TestObjectsInATableAreColumns(t *testing.T) {
	t.Parallel()
	var g export.Group
	err := g.Unfold("x", json.RawMessage(`[{"n":1,"r":{"pi":3.1,"deep":{"a":1}},"e":{}},{"n":2,"r":null},{"n":3,"r_pi":5,"r":{"pi":4.5}}]`))
	if err != nil || len(g.Tables) != 1 {
		t.Fatalf("Unfold: %v, %d tables", err, len(g.Tables))
	}
	var names []string
	for _, c := range g.Tables[0].Columns {
		names = append(names, c.Name)
	}
	if diff := cmp.Diff([]string{"n", "r_pi", "r_deep_a", "e", "r_pi_"}, names); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	var rows []export.Row
	for row, err := range g.Tables[0].Rows {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	want := []export.Row{
		{int64(1), 3.1, int64(1), json.RawMessage("{}"), nil}, {int64(2), nil, nil, nil, nil}, {int64(3), 5.0, nil, nil, 4.5},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// A document without a table has its first array in a format that holds one table, or else its values.
func TestMainTableOfWhatHasNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ doc, want string }{
		{`{"i":1,"u":[1.5,2.5],"v":[1]}`, "x.u"}, {`{"i":1}`, "x.values"}, {`[{"a":1}]`, "x"},
	} {
		var g export.Group
		if err := g.Unfold("x", json.RawMessage(c.doc)); err != nil {
			t.Fatal(err)
		}
		if table, err := export.MainTable("csv", &g); err != nil || table.Name != c.want {
			t.Errorf("%s: table %v, %v; want %s", c.doc, table, err, c.want)
		}
	}
	if _, err := export.MainTable("csv", &export.Document{}); err == nil {
		t.Error("an empty document has a table")
	}
}
