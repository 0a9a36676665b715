package parquet_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/export"
	"github.com/durable-wf/wf/export/internal/sample"
	"github.com/durable-wf/wf/export/parquet"
	"github.com/durable-wf/wf/internal/peer"
)

// script prints the columns, the metadata and the rows of a file, each value as sample.Canon does. hyparquet
// reads JSON columns as values and times as milliseconds.
const script = `
const [,, module, path] = process.argv
const {asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects} = await import(module + "/src/node.js")
const file = await asyncBufferFromFile(path)
const meta = await parquetMetadataAsync(file)
const columns = meta.schema.slice(1)
const rows = await parquetReadObjects({file})
const canon = (v, c) => {
  if (v === null || v === undefined) return "none"
  if (c.converted_type === "JSON") return "text " + JSON.stringify(v)
  if (v instanceof Date) return "time " + v.toISOString().replace("Z", "000Z")
  if (typeof v === "bigint") return "int " + v
  if (typeof v === "boolean") return "bool " + v
  if (typeof v === "string") return "text " + v
  if (Number.isNaN(v)) return "float nan"
  const b = new DataView(new ArrayBuffer(8))
  b.setFloat64(0, v)
  return "float " + b.getBigUint64(0).toString(16).padStart(16, "0")
}
console.log(JSON.stringify({
  columns: columns.map(c => c.name), facts: Object.fromEntries(meta.key_value_metadata.map(m => [m.key, m.value])),
  groups: meta.row_groups.length, rows: rows.map(r => columns.map(c => canon(r[c.name], c)))}))
`

// seen is what hyparquet reads of a file.
type seen struct {
	Columns []string
	Facts   map[string]string
	Groups  int
	Rows    [][]string
}

func hyparquet(t *testing.T, path string) seen {
	t.Helper()
	node, module := peer.Node(t, "hyparquet")
	file := filepath.Join(t.TempDir(), "read.mjs")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, file, module, path)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var s seen
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// written writes doc to a file and returns its path.
func written(t *testing.T, doc *export.Document) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := export.WriteFile(t.Context(), path, parquet.Format(), doc, export.Never); err != nil {
		t.Fatal(err)
	}
	return path
}

// milliseconds is sample.Canon without what hyparquet does not read of times.
func milliseconds(v any) string {
	s := sample.Canon(v)
	if strings.HasPrefix(s, "time ") {
		s = s[:len(s)-len("123Z")] + "000Z"
	}
	return s
}

func TestHyparquetReadsTheTable(t *testing.T) {
	t.Parallel()
	doc := sample.Document()
	got := hyparquet(t, written(t, doc))
	if diff := cmp.Diff([]string{"id", `größe "x"`, "Text", "ok", "at", "doc", "a"}, got.Columns); diff != "" {
		t.Errorf("columns:\n%s", diff)
	}
	if got.Facts["uuid"] != "0192-é" || got.Facts["runs"] != "3" || got.Facts["at"] != export.Plain(sample.Time) {
		t.Errorf("metadata: %v", got.Facts)
	}
	if diff := cmp.Diff(sample.Rows(doc.Tables[0], milliseconds), got.Rows); diff != "" {
		t.Errorf("rows (- written, + read):\n%s", diff)
	}
}

func TestManyRowsAreWrittenInGroups(t *testing.T) {
	t.Parallel()
	const n = 150_000
	count := &export.Table{Name: "count", Columns: []export.Column{{Name: "i", Kind: export.Int}}}
	count.Rows = func(yield func(export.Row, error) bool) {
		for i := range int64(n) {
			if !yield(export.Row{i}, nil) {
				return
			}
		}
	}
	got := hyparquet(t, written(t, &export.Document{Tables: []*export.Table{count}}))
	if len(got.Rows) != n || got.Rows[n-1][0] != "int 149999" || got.Groups != 3 {
		t.Errorf("%d rows in %d groups, want %d in 3", len(got.Rows), got.Groups, n)
	}
	empty := &export.Table{Name: "empty", Columns: count.Columns}
	if got := hyparquet(t, written(t, &export.Document{Tables: []*export.Table{empty}})); len(got.Rows) != 0 || len(got.Columns) != 1 {
		t.Errorf("an empty table was read as %+v", got)
	}
}

func TestReadsWhatItWrites(t *testing.T) {
	t.Parallel()
	doc := sample.Document()
	got := read(t, written(t, doc))
	if diff := cmp.Diff(doc.Tables[0].Columns, got.Columns); diff != "" {
		t.Errorf("columns:\n%s", diff)
	}
	if diff := cmp.Diff(sample.Rows(doc.Tables[0], sample.Canon), sample.Rows(got, sample.Canon)); diff != "" {
		t.Errorf("rows (- written, + read):\n%s", diff)
	}
}

func TestTooManyRowsAreNotRead(t *testing.T) {
	t.Parallel()
	rows := &export.Table{Name: "rows", Columns: []export.Column{{Name: "i", Kind: export.Int}}}
	rows.Rows = func(yield func(export.Row, error) bool) {
		for range 1_000_001 {
			if !yield(export.Row{nil}, nil) {
				return
			}
		}
	}
	f, err := os.Open(written(t, &export.Document{Tables: []*export.Table{rows}}))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := parquet.Format().Read(t.Context(), f); err == nil || !strings.Contains(err.Error(), "1000001 rows") {
		t.Errorf("a million and one rows: %v", err)
	}
}

func read(t *testing.T, path string) *export.Table {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := parquet.Format().Read(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return doc.Tables[0]
}

func FuzzRead(f *testing.F) {
	var whole strings.Builder
	if err := parquet.Format().Stream(context.Background(), &whole, sample.Document()); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(whole.String()))
	f.Add([]byte("PAR1PAR1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "x.parquet")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		_, _ = parquet.Format().Read(t.Context(), file) // it must end, and not panic
	})
}
