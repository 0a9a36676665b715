package export_test

import (
	"encoding/json"
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
	"github.com/durable-wf/wf/internal/peer"
)

// python prints as JSON what a script of Python makes of a document in a format.
func python(t *testing.T, f export.Format, doc *export.Document, script string, into any) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x"+f.Suffixes[0])
	if err := export.WriteFile(t.Context(), path, f, doc, export.Never); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), peer.Python(t, "pandas"), "-c", sample.Python+script, path)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, into); err != nil {
		t.Fatal(err)
	}
}

func TestPythonReadsCSV(t *testing.T) {
	t.Parallel()
	doc := sample.Document()
	var got [][]string
	python(t, export.CSV(), doc, `
import csv
json.dump([[canon(c) for c in row] for row in csv.reader(open(sys.argv[1], newline="", encoding="utf-8"))], sys.stdout)`, &got)
	var heads []string
	for _, c := range doc.Tables[0].Columns {
		heads = append(heads, "text "+c.Name)
	}
	want := append([][]string{heads}, sample.Rows(doc.Tables[0], func(v any) string { return "text " + export.Plain(v) })...)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (- written, + read):\n%s", diff)
	}
	var floats []string
	python(t, export.CSV(), doc, `
import pandas
x = pandas.read_csv(sys.argv[1], float_precision="round_trip")['größe "x"']
assert x.dtype == "float64", x.dtype
json.dump([canon(float(v)) for v in x], sys.stdout)`, &floats)
	wantFloats := column(doc.Tables[0], 1, func(v any) string {
		if v == nil {
			v = math.NaN() // which is what pandas makes of an empty cell
		}
		return sample.Canon(v)
	})
	if diff := cmp.Diff(wantFloats, floats); diff != "" {
		t.Errorf("floats in pandas (- written, + read):\n%s", diff)
	}
}

func column(t *export.Table, i int, want func(any) string) []string {
	var cells []string
	for row := range t.Rows {
		cells = append(cells, want(row[i]))
	}
	return cells
}

// asJSON is what JSON can hold of a value.
func asJSON(v any) string {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return sample.Canon(export.Plain(v))
		}
	case time.Time:
		return sample.Canon(export.Plain(v))
	}
	return sample.Canon(v)
}

func TestPythonReadsJSON(t *testing.T) {
	t.Parallel()
	doc := sample.Document()
	var got struct {
		Names   []string
		Rows    [][]string
		U       [][]string
		N       []string
		Pi, Est string
		Facts   []string
	}
	python(t, export.JSONDocument(), doc, `
d = json.load(open(sys.argv[1], encoding="utf-8"))
cells = lambda row: [canon(json.dumps(v, separators=(",", ":")) if k == "doc" and v is not None else v) for k, v in row.items()]
json.dump({"names": list(d), "rows": [cells(r) for r in d["results"]], "u": [[canon(v) for v in r] for r in d["state"]["u"]],
    "n": [canon(v) for v in d["state"]["n"]], "pi": canon(d["pi"]), "est": canon(d["steps"]), "facts": [canon(v) for v in d["attributes"].values()]}, sys.stdout)`, &got)
	if diff := cmp.Diff([]string{"attributes", "results", "history", "pi", "steps", "state"}, got.Names); diff != "" {
		t.Errorf("members:\n%s", diff)
	}
	want := sample.Rows(doc.Tables[0], asJSON)
	if diff := cmp.Diff(want, got.Rows); diff != "" {
		t.Errorf("rows (- written, + read):\n%s", diff)
	}
	u, n := doc.Groups[0].Arrays[0], doc.Groups[0].Arrays[1]
	for i := range u.Len() {
		if want := asJSON(u.At(i)); got.U[i/3][i%3] != want {
			t.Errorf("u[%d] is %s, want %s", i, got.U[i/3][i%3], want)
		}
	}
	for i := range n.Len() {
		if want := asJSON(n.At(i)); got.N[i] != want {
			t.Errorf("n[%d] is %s, want %s", i, got.N[i], want)
		}
	}
	if got.Pi != sample.Canon(math.Pi) || got.Est != "int 7" {
		t.Errorf("single values: %s and %s", got.Pi, got.Est)
	}
	if diff := cmp.Diff([]string{"text 0192-é", "int 3", "text 2024-02-29T23:59:59.123456Z"}, got.Facts); diff != "" {
		t.Errorf("attributes:\n%s", diff)
	}

	var lines [][]string
	python(t, export.JSONLines(), doc, `
cells = lambda row: [canon(json.dumps(v, separators=(",", ":")) if k == "doc" and v is not None else v) for k, v in row.items()]
json.dump([cells(json.loads(line)) for line in open(sys.argv[1], encoding="utf-8")], sys.stdout)`, &lines)
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("lines (- written, + read):\n%s", diff)
	}
}

// read reads a file with this content and returns its records, each as "name=value (word)" for each field.
func read(t *testing.T, f export.Format, content string) ([][]string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	doc, err := f.Read(t.Context(), file)
	if err != nil {
		return nil, err
	}
	records, err := export.Records(t.Context(), doc)
	var all [][]string
	for _, record := range records {
		var fields []string
		for _, field := range record {
			text := field.Name + "=" + string(field.Value)
			if field.Word != "" {
				text += " (" + field.Word + ")"
			}
			fields = append(fields, text)
		}
		all = append(all, fields)
	}
	return all, err
}

func TestReadsRecords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		format  export.Format
		content string
		want    [][]string
		fault   string
	}{
		{export.CSV(), "\xef\xbb\xbfn,s\n1,007\n,\"a\nb\"\n", [][]string{{`n="1" (1)`, `s="007" (007)`}, {`s="a\nb" (a` + "\nb)"}}, ""},
		{export.CSV(), "n\n", nil, ""},
		{export.CSV(), "", nil, "is empty"},
		{export.CSV(), "n,n\n1,2\n", nil, `column "n" has no name of its own`},
		{export.CSV(), "n,s\n1\n", nil, "wrong number of fields"},
		{export.JSONDocument(), ` {"n": 1e6, "s": "NaN", "grid": {"nx": [1, 2]}, "none": null}`, [][]string{{"n=1e6", `s="NaN"`, `grid={"nx":[1,2]}`}}, ""},
		{export.JSONDocument(), `[{"n": 18446744073709551615}, {"n": 0.10000000000000000001}]`, [][]string{{"n=18446744073709551615"}, {"n=0.10000000000000000001"}}, ""},
		{export.JSONDocument(), `[1]`, nil, "record 1: is no JSON object"},
		{export.JSONDocument(), `{"n": 1, "n": 2}`, nil, "duplicate"},
		{export.JSONDocument(), `{"n": `, nil, "EOF"},
		{export.JSONDocument(), `[{"n": 1}`, nil, "EOF"},
		{export.JSONLines(), "{\"n\":1}\n\n{\"n\":2}\n", [][]string{{"n=1"}, {"n=2"}}, ""},
	} {
		got, err := read(t, c.format, c.content)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s %q (- want, + got):\n%s", c.format.Name, c.content, diff)
		}
		if (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s %q: error %v, want %q", c.format.Name, c.content, err, c.fault)
		}
	}
}

func TestArraysAndGroupsAreOneRecord(t *testing.T) {
	t.Parallel()
	doc := sample.Document()
	doc.Tables = doc.Tables[1:]
	records, err := export.Records(t.Context(), doc)
	if err != nil || len(records) != 1 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	var got []string
	for _, f := range records[0] {
		got = append(got, f.Name+"="+string(f.Value))
	}
	want := []string{`history=[]`, "pi=3.141592653589793", "steps=7", `state={  "u": [[0.1,"NaN","Infinity"],["-Infinity",5e-324,-0.25]],` +
		`  "n": [-9223372036854775808,0,9223372036854775807],  "none": []}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields:\n%s", diff)
	}
}
