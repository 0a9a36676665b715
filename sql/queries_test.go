package queries_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	"modernc.org/sqlite/vtab"

	"github.com/durable-wf/wf/migrations"
	queries "github.com/durable-wf/wf/sql"
)

var update = flag.Bool("update", false, "rewrite plans.golden")

const golden = "plans.golden"

// statements returns the text of each SQL file by the name of the file, and the names in order.
func statements(t *testing.T) (map[string]string, []string) {
	t.Helper()
	files, err := filepath.Glob("*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no SQL files: %v", err)
	}
	texts := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = string(text)
	}
	return texts, files
}

// TestFilesAreUsed holds that each file is embedded once, in the order of names, and that a program uses it.
func TestFilesAreUsed(t *testing.T) {
	t.Parallel()
	_, files := statements(t)
	var embedded []string
	program := programText(t)
	for _, name := range []string{"queries.go", "queries_keep.go"} {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var here []string
		for _, m := range regexp.MustCompile(`//go:embed (\S+)\n\s*(\w+)\s+string`).FindAllStringSubmatch(string(source), -1) {
			here = append(here, m[1])
			if !regexp.MustCompile(`\bqueries\.` + m[2] + `\b`).MatchString(program) {
				t.Errorf("%s: nothing uses queries.%s", m[1], m[2])
			}
		}
		if !slices.IsSorted(here) {
			t.Errorf("%s: not in the order of names", name)
		}
		embedded = append(embedded, here...)
	}
	slices.Sort(embedded)
	if diff := cmp.Diff(files, embedded); diff != "" {
		t.Errorf("files and what is embedded (-files +embedded):\n%s", diff)
	}
}

// programText returns all Go code of the module but for tests.
func programText(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// notCode matches what must not be looked at for code: comments and strings.
var notCode = regexp.MustCompile(`--[^\n]*|'(?:[^']|'')*'`)

func TestFilesKeepTheRules(t *testing.T) {
	t.Parallel()
	texts, files := statements(t)
	for _, file := range files {
		text := texts[file]
		if !strings.HasPrefix(text, "-- ") {
			t.Errorf("%s: begins with %.20q, not with a comment that says what it is for", file, text)
		}
		code := strings.TrimSpace(notCode.ReplaceAllString(text, ""))
		if strings.Count(code, ";") != 1 || !strings.HasSuffix(code, ";") {
			t.Errorf("%s: not one statement with a semicolon at its end", file)
		}
		if m := regexp.MustCompile(`(?i)current_(time|date)|\b(datetime|strftime|unixepoch|julianday|date|time)\(`).FindString(code); m != "" {
			t.Errorf("%s: %s: SQL never reads the clock", file, m)
		}
		if strings.Contains(code, "SELECT *") && file != "query_bounded.sql" {
			t.Errorf("%s: SELECT *: columns are listed", file)
		}
	}
}

// TestPlans compares the plan of each statement with plans.golden. A new SCAN or TEMP B-TREE there is
// a change to defend.
func TestPlans(t *testing.T) {
	t.Parallel()
	db := newSchema(t)
	texts, files := statements(t)
	var got strings.Builder
	for _, file := range files {
		plan, err := explain(t.Context(), db, texts[file])
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		fmt.Fprintf(&got, "%s\n%s\n", file, plan)
	}
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf("plans changed; -update rewrites %s (-want +got):\n%s", golden, diff)
	}
}

// explain returns the plan as an indented tree.
func explain(ctx context.Context, db *sql.DB, statement string) (string, error) {
	rows, err := db.QueryContext(ctx, "EXPLAIN QUERY PLAN "+statement, arguments(statement)...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var plan strings.Builder
	depth := map[int64]int{0: 0}
	for rows.Next() {
		var id, parent, unused int64
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			return "", err
		}
		depth[id] = depth[parent] + 1
		fmt.Fprintf(&plan, "%s%s\n", strings.Repeat("  ", depth[id]), detail)
	}
	return plan.String(), rows.Err()
}

// arguments returns a value for each parameter of a statement.
func arguments(statement string) (args []any) {
	positional := 0
	var names []string
	for _, m := range regexp.MustCompile(`\?(\d*)|:(\w+)`).FindAllStringSubmatch(notCode.ReplaceAllString(statement, "''"), -1) {
		switch {
		case m[2] != "":
			names = append(names, m[2])
		case m[1] != "":
			n, _ := strconv.Atoi(m[1])
			positional = max(positional, n)
		default:
			positional++
		}
	}
	for range positional {
		args = append(args, nil)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		args = append(args, sql.Named(name, nil))
	}
	return args
}

// newSchema returns a connection to an empty database with the newest schema, and one more attached
// as source, on which the functions that statements call are known.
func newSchema(t *testing.T) *sql.DB {
	t.Helper()
	d := &sqlite.Driver{}
	none := func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) { return nil, nil }
	for name, args := range map[string]int32{"wf_fault": 3, "wf_json": 2} {
		if err := d.RegisterDeterministicScalarFunction(name, args, none); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.RegisterModule("wf_batch", batchModule{}); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, name := range []string{"source.db", "main.db"} {
		db := sql.OpenDB(connector{d, filepath.Join(folder, name)})
		db.SetMaxOpenConns(1)
		provider, err := goose.NewProvider(goose.DialectSQLite3, db, migrations.FS,
			goose.WithTableName("wf_goose_version"), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := provider.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		if name == "main.db" {
			if _, err := db.Exec("ATTACH ? AS source", filepath.Join(folder, "source.db")); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec(queries.BatchTable); err != nil {
				t.Fatal(err)
			}
			return db
		}
	}
	return nil
}

type connector struct {
	driver *sqlite.Driver
	dsn    string
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.driver }

// batchModule stands in for the store's, as far as planning goes.
type batchModule struct{ vtab.Table }

func (m batchModule) Create(ctx vtab.Context, args []string) (vtab.Table, error) {
	return m.Connect(ctx, args)
}

func (m batchModule) Connect(ctx vtab.Context, _ []string) (vtab.Table, error) {
	columns := make([]string, 48)
	for i := range columns {
		columns[i] = fmt.Sprintf("c%d", i+1)
	}
	return m, ctx.Declare("CREATE TABLE x(" + strings.Join(columns, ", ") + ")")
}

func (batchModule) BestIndex(info *vtab.IndexInfo) error {
	info.EstimatedRows, info.EstimatedCost = 100, 100
	return nil
}

func (batchModule) Disconnect() error { return nil }

// What Archive and packs copy is whole: each column of a table, but for numbers that are given anew, and who owns a
// run or wants something of it, which is nothing to take along.
func TestAllColumnsAreArchived(t *testing.T) {
	t.Parallel()
	db := newSchema(t)
	left := map[string][]string{"wf_workers": {"id"}, "wf_signals": {"id"}}
	insert := regexp.MustCompile(`(?s)INSERT INTO main\.(\w+) \(([^)]*)\)`)
	texts, files := statements(t)
	found := 0
	for _, file := range files {
		m := insert.FindStringSubmatch(texts[file])
		if m == nil {
			continue
		}
		found++
		var want []string
		rows, err := db.QueryContext(t.Context(), "SELECT name FROM pragma_table_info(?)", m[1])
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(left[m[1]], name) {
				want = append(want, name)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		got := strings.FieldsFunc(m[2], func(r rune) bool { return r == ',' || r == ' ' || r == '\n' })
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: columns of %s (- there, + copied):\n%s", file, m[1], diff)
		}
	}
	if found < 11 {
		t.Errorf("only %d statements copy rows", found)
	}
}
