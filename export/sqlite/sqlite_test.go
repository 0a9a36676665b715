package sqlite_test

import (
	"encoding/json"
	"math"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/export"
	"github.com/durable-wf/wf/export/internal/sample"
	"github.com/durable-wf/wf/export/sqlite"
	"github.com/durable-wf/wf/internal/peer"
)

const script = sample.Python + `
import sqlite3
db = sqlite3.connect(sys.argv[1])
assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
json.dump([{"name": name, "columns": [r[1] for r in db.execute('PRAGMA table_info("%s")' % name)],
            "rows": [[canon(v) for v in row] for row in db.execute('SELECT * FROM "%s"' % name)]} for name in tables], sys.stdout)
`

// stored is what SQLite can hold of a value.
func stored(v any) string {
	switch v := v.(type) {
	case bool:
		return sample.Canon(map[bool]int64{true: 1}[v])
	case float64:
		if math.IsNaN(v) {
			return sample.Canon(nil)
		}
	case time.Time:
		return sample.Canon(export.Plain(v))
	}
	return sample.Canon(v)
}

func TestAnotherSQLiteReadsTheTables(t *testing.T) {
	t.Parallel()
	python := peer.Python(t)
	path := filepath.Join(t.TempDir(), "odd name? 100%#.db")
	doc := sample.Document()
	doc.Tables = append(doc.Tables, &export.Table{
		Name: "RESULTS", Columns: []export.Column{{Name: "n", Kind: export.Int}, {Name: "N", Kind: export.Int}},
	})
	if err := export.WriteFile(t.Context(), path, sqlite.Format(), doc, export.Never); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), python, "-c", script, path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var found []struct {
		Name    string
		Columns []string
		Rows    [][]string
	}
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatal(err)
	}
	flat := export.Flat(doc)
	if len(found) != len(flat)+1 || found[2].Name != "RESULTS_2" || found[2].Columns[1] != "N_2" || found[len(flat)].Name != "about" {
		t.Fatalf("tables: %+v", found)
	}
	if diff := cmp.Diff([]string{"id", `größe "x"`, "Text", "ok", "at", "doc", "a"}, found[0].Columns); diff != "" {
		t.Errorf("columns:\n%s", diff)
	}
	for i, table := range flat {
		if diff := cmp.Diff(sample.Rows(table, stored), found[i].Rows); diff != "" {
			t.Errorf("table %s (- written, + read):\n%s", table.Name, diff)
		}
	}
}
