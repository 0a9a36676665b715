package migrations_test

import (
	"database/sql"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite"

	"github.com/durable-wf/wf/migrations"
)

var update = flag.Bool("update", false, "rewrite schema.golden")

const golden = "schema.golden"

func newProvider(t *testing.T) (*sql.DB, *goose.Provider) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "wf.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	p, err := goose.NewProvider(goose.DialectSQLite3, db, migrations.FS,
		goose.WithTableName("wf_goose_version"), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		t.Fatal(err)
	}
	return db, p
}

// schema returns what makes our tables, in the order of names; not goose's, nor SQLite's own.
func schema(t *testing.T, db *sql.DB) string {
	t.Helper()
	rows, err := db.Query(`SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
		AND tbl_name <> 'wf_goose_version' ORDER BY tbl_name, type DESC, name`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all strings.Builder
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		all.WriteString(text + ";\n\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func mustUp(t *testing.T, p *goose.Provider) {
	t.Helper()
	if _, err := p.Up(t.Context()); err != nil {
		t.Fatalf("up: %v", err)
	}
}

func TestUpDownUp(t *testing.T) {
	t.Parallel()
	db, p := newProvider(t)
	mustUp(t, p)
	up := schema(t, db)
	if _, err := p.DownTo(t.Context(), 0); err != nil {
		t.Fatalf("down: %v", err)
	}
	if left := schema(t, db); left != "" {
		t.Errorf("down leaves:\n%s", left)
	}
	mustUp(t, p)
	if diff := cmp.Diff(up, schema(t, db)); diff != "" {
		t.Errorf("up, down and up again differs from up:\n%s", diff)
	}
}

// TestEachDown undoes the migrations one by one and redoes each: the schema must be what it was.
func TestEachDown(t *testing.T) {
	t.Parallel()
	db, p := newProvider(t)
	for range p.ListSources() {
		if _, err := p.UpByOne(t.Context()); err != nil {
			t.Fatalf("up: %v", err)
		}
		up := schema(t, db)
		if _, err := p.Down(t.Context()); err != nil {
			t.Fatalf("down: %v", err)
		}
		if _, err := p.UpByOne(t.Context()); err != nil {
			t.Fatalf("up again: %v", err)
		}
		if diff := cmp.Diff(up, schema(t, db)); diff != "" {
			t.Errorf("down and up differs:\n%s", diff)
		}
	}
}

func TestSchemaGolden(t *testing.T) {
	t.Parallel()
	db, p := newProvider(t)
	mustUp(t, p)
	got := schema(t, db)
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("schema changed; -update rewrites %s (-want +got):\n%s", golden, diff)
	}
}

// TestTablesAreOursAndStrict holds that a user's tables can live beside ours, and that ours keep to their types.
func TestTablesAreOursAndStrict(t *testing.T) {
	t.Parallel()
	db, p := newProvider(t)
	mustUp(t, p)
	rows, err := db.Query(`SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var strict bool
		if err := rows.Scan(&name, &strict); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(name, "wf_") || !strict && name != "wf_goose_version" {
			t.Errorf("table %s: strict %v, want wf_ and strict", name, strict)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

func TestFileNames(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(migrations.FS, "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	name := regexp.MustCompile(`^(\d{5})_[a-z0-9_]+\.sql$`)
	for i, file := range files {
		m := name.FindStringSubmatch(file)
		if m == nil {
			t.Errorf("%s: must be named like 00012_add_lease_token.sql", file)
			continue
		}
		if n, err := strconv.Atoi(m[1]); err != nil || n != i+1 {
			t.Errorf("%s: numbers must follow on each other, want %05d", file, i+1)
		}
		text, err := fs.ReadFile(migrations.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"-- +goose Up\n", "-- +goose Down\n"} {
			if strings.Count(string(text), part) != 1 {
				t.Errorf("%s: must have one %q", file, strings.TrimSpace(part))
			}
		}
	}
}
