package xlsx_test

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/export"
	"github.com/durable-wf/wf/export/internal/sample"
	"github.com/durable-wf/wf/export/xlsx"
	"github.com/durable-wf/wf/internal/peer"
)

// written writes doc to a file and returns its path.
func written(t *testing.T, doc *export.Document) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.xlsx")
	if err := export.WriteFile(t.Context(), path, xlsx.Format(), doc, export.Never); err != nil {
		t.Fatal(err)
	}
	return path
}

const openpyxl = sample.Python + `
import openpyxl
book = openpyxl.load_workbook(sys.argv[1])
def number(c): # written without an exponent, it looks like an integer
    return float(c) if isinstance(c, int) and abs(c) > 2**53 else c
json.dump([{"name": s.title, "rows": [[canon(number(c)) for c in row] for row in s.iter_rows(values_only=True)]} for s in book], sys.stdout)
`

// cell is what a sheet can hold of a value.
func cell(v any) string {
	switch v := v.(type) {
	case int64:
		if v > 1<<53 || v < -1<<53 {
			return sample.Canon(export.Plain(v))
		}
	case float64:
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0):
			return sample.Canon(export.Plain(v))
		case v == 3: // a sheet does not tell 3 from 3.0
			return sample.Canon(int64(3))
		}
	case time.Time:
		return sample.Canon(v.Round(time.Millisecond)) // openpyxl reads no more
	case string:
		// ECMA-376 (22.9.2.19) wants the first underscore escaped; openpyxl does not read that back.
		return sample.Canon(strings.NewReplacer("_x0041_", "_x005F_x0041_", "\x01", "␁").Replace(v))
	}
	return sample.Canon(v)
}

func TestOpenpyxlReadsTheSheets(t *testing.T) {
	t.Parallel()
	python := peer.Python(t, "openpyxl")
	doc := sample.Document()
	out, err := exec.CommandContext(t.Context(), python, "-c", openpyxl, written(t, doc)).Output()
	if err != nil {
		t.Fatal(err)
	}
	var sheets []struct {
		Name string
		Rows [][]string
	}
	if err := json.Unmarshal(out, &sheets); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range sheets {
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"results", "events", "values", "state.u", "state.n", "state.none", "about"}, names); diff != "" {
		t.Errorf("sheets:\n%s", diff)
	}
	for i, table := range export.Flat(doc) {
		var heads []string
		for _, c := range table.Columns {
			heads = append(heads, "text "+c.Name)
		}
		want := append([][]string{heads}, sample.Rows(table, cell)...)
		if diff := cmp.Diff(want, sheets[i].Rows); diff != "" {
			t.Errorf("sheet %s (- written, + read):\n%s", names[i], diff)
		}
	}
}

func TestWhatASheetHasNoRoomForIsAnError(t *testing.T) {
	t.Parallel()
	columns := make([]export.Column, 16_385)
	for i := range columns {
		columns[i].Name = strings.Repeat("x", i+1)
	}
	one := []export.Column{{Name: "a"}}
	for name, table := range map[string]*export.Table{
		"columns":    {Name: "t", Columns: columns},
		"characters": {Name: "t", Columns: one, Rows: export.RowsOf([]export.Row{{strings.Repeat("😀", 16_384)}})},
		"rows": {Name: "t", Columns: one, Rows: func(yield func(export.Row, error) bool) {
			for row := (export.Row{nil}); yield(row, nil); {
			}
		}},
	} {
		path := filepath.Join(t.TempDir(), "x.xlsx")
		err := export.WriteFile(t.Context(), path, xlsx.Format(), &export.Document{Tables: []*export.Table{table}}, export.Never)
		if _, ok := errors.AsType[*export.FormatError](err); !ok || !strings.Contains(err.Error(), name) {
			t.Errorf("too many %s: %v", name, err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("too many %s: a file was left", name)
		}
	}
}

const makeBook = `
import openpyxl, datetime, sys
book = openpyxl.Workbook()
sheet = book.active
sheet.append(["n", "x", "name", "ok", "at", "none"])
sheet.append([100, 0.1, "007", True, datetime.datetime(2024, 2, 29, 12, 0, 0), None])
sheet.append([None, None, None, None, None, None])
sheet.append([2**53, -1e300, "a b", False, datetime.date(2024, 3, 1), None])
book.save(sys.argv[1])
`

func TestReadsWhatOpenpyxlWrites(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.xlsx")
	if out, err := exec.CommandContext(t.Context(), peer.Python(t, "openpyxl"), "-c", makeBook, path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := xlsx.Format().Read(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"100", "0.1", "007", "true", "2024-02-29T12:00:00.000000Z", ""},
		{"9007199254740992", "-1e+300", "a b", "false", "2024-03-01T00:00:00.000000Z", ""},
	}
	if diff := cmp.Diff(want, sample.Rows(doc.Tables[0], export.Plain)); diff != "" {
		t.Errorf("rows (- written, + read):\n%s", diff)
	}
}
