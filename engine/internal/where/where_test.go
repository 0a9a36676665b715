package where_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite"

	"github.com/durable-wf/wf/engine/internal/where"
	"github.com/durable-wf/wf/migrations"
)

var (
	clock   = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	options = where.Options{Now: clock, Statuses: []string{"pending", "running", "completed", "failed", "cancelled"}}
)

// newRuns returns a database with the runs that the tests search.
func newRuns(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "wf.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, migrations.FS,
		goose.WithTableName("wf_goose_version"), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err == nil {
		_, err = provider.Up(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	run := func(id int, status, errText string, created time.Time, done, total any) {
		ended := any(nil)
		if status == "completed" || status == "failed" {
			ended = created.Add(90 * time.Second).UnixMicro()
		}
		_, err := db.Exec(`INSERT INTO wf_runs (id, uuid, workflow, version, fingerprint, status, step, visit, attempt, failures, deaths,
			seq, epoch, queue, priority, rank, children, created_us, started_us, updated_us, ended_us, head_hash, keep, seed, copied_us,
			codec, checksum, error, done, total, parent) VALUES (?, ?, ?, 1, '', ?, 'add', 1, 1, 0, 0, 1, 1, 'default', ?, 0, 0, ?, ?, ?, ?, x'', 'all', 0, 0,
			'json', 0, NULLIF(?, ''), ?, ?, ?)`, id, fmt.Sprintf("u%d", id), []string{"sum", "pi"}[id%2], status, id%3,
			created.UnixMicro(), created.UnixMicro(), created.UnixMicro(), ended, errText, done, total, sql.NullInt64{Int64: 1, Valid: id == 5})
		if err != nil {
			t.Fatal(err)
		}
	}
	run(1, "completed", "", clock.Add(-72*time.Hour), 10, 10)
	run(2, "failed", "disk is full", clock.Add(-3*time.Hour), 4, 10)
	run(3, "running", "", clock.Add(-time.Hour), nil, nil)
	run(4, "failed", "no route", clock.Add(-time.Minute), 10, nil)
	run(5, "pending", "", clock, nil, nil)
	for _, a := range []struct {
		run   int
		name  string
		value any
	}{
		{1, "customer", 42}, {2, "customer", 42.5}, {3, "customer", "42"}, {4, "customer", 7},
		{1, "name", "Anna"}, {2, "name", "anton"}, {3, "name", "Bert"}, {4, "name", "Änne"},
		{1, "odd name", 1}, {3, "ends", clock.Add(-30 * time.Minute).UnixMicro()}, {5, "vip", 1}, {4, "vip", 0},
	} {
		if _, err := db.Exec("INSERT INTO wf_attributes VALUES (?, ?, ?)", a.run, a.name, a.value); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// find returns the runs that pass.
func find(t testing.TB, db *sql.DB, c where.Condition) ([]int, error) {
	t.Helper()
	text := "SELECT id FROM wf_runs"
	if c.SQL() != "" {
		text += " WHERE " + c.SQL()
	}
	var args []any
	for _, a := range c.Args() {
		args = append(args, sql.Named(a.Name, a.Value))
	}
	rows, err := db.Query(text+" ORDER BY id", args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", text, err)
	}
	defer rows.Close()
	var ids []int
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	db := newRuns(t)
	for _, tt := range []struct {
		expression string
		want       []int
	}{
		{`customer = 42`, []int{1}},
		{`customer == 42`, []int{1}},
		{`42 = customer`, []int{1}},
		{`customer = 42.0`, []int{1}},
		{`customer = "42"`, []int{3}},
		{`customer != 42`, []int{2, 3, 4, 5}}, // who has none has not this one
		{`not (customer = 42)`, []int{2, 3, 4, 5}},
		{`not not customer = 42`, []int{1}},
		{`! customer = 42`, []int{2, 3, 4, 5}},
		{`customer > 10`, []int{1, 2}}, // a text is no number
		{`10 < customer`, []int{1, 2}},
		{`customer >= 42`, []int{1, 2}},
		{`customer < 42`, []int{4}},
		{`customer <= 42`, []int{1, 4}},
		{`customer > "4"`, []int{3}},
		{`customer < "5"`, []int{3}}, // a number is no text
		{`customer > 10 and customer < 42.5`, []int{1}},
		{`customer in (42, "42", 7)`, []int{1, 3, 4}},
		{`customer in [42]`, []int{1}},
		{`customer not in (42, "42", 7)`, []int{2, 5}},
		{`customer is null`, []int{5}},
		{`customer = null`, []int{5}},
		{`customer is not null`, []int{1, 2, 3, 4}},
		{`customer != null`, []int{1, 2, 3, 4}},
		{`not customer is null`, []int{1, 2, 3, 4}},
		{`vip = true`, []int{5}},
		{`vip = false`, []int{4}},
		{`attr("odd name") = 1`, []int{1}},
		{`attr('odd name') is not null`, []int{1}},
		{`name like "a%"`, []int{1, 2}},
		{`name not like "a%"`, []int{3, 4, 5}},
		{`name startsWith "An"`, []int{1}},
		{`name STARTSWITH "Än"`, []int{4}},
		{`name endsWith "n"`, []int{2}},
		{`name endsWith ""`, []int{1, 2, 3, 4}},
		{`name contains "nn"`, []int{1, 4}},
		{`customer contains "4"`, []int{3}},
		{`ends > time("1h ago")`, []int{3}},
		{`ends < time("1h ago")`, nil},
		{`status = "failed"`, []int{2, 4}},
		{`status in ("failed", "completed")`, []int{1, 2, 4}},
		{`status != "failed"`, []int{1, 3, 5}},
		{`workflow = 'sum' or workflow = "pi"`, []int{1, 2, 3, 4, 5}},
		{`workflow == "sum" || id == 1`, []int{1, 2, 4}},
		{`workflow = "sum" && not status = "failed"`, nil},
		{`error = "no route"`, []int{4}},
		{`error != "no route"`, []int{1, 2, 3, 5}},
		{`error is null`, []int{1, 3, 5}},
		{`error contains "full"`, []int{2}},
		{`error not contains "full"`, []int{1, 3, 4, 5}},
		{`created > "2h ago"`, []int{3, 4, 5}},
		{`created > "2h"`, []int{3, 4, 5}},
		{`created < "2026-11-18"`, []int{1}},
		{`created >= "today"`, []int{2, 3, 4, 5}},
		{`created < "2026-11-20T11:30:00Z" and id > 1`, []int{2, 3}},
		{`ended is null`, []int{3, 5}},
		{`took = "90s"`, []int{1, 2, 4}},
		{`took > "59m"`, []int{3}},
		{`done < total`, []int{2}},
		{`done = total`, []int{1}},
		{`done != total`, []int{2, 3, 4, 5}},
		{`done >= 1e1`, []int{1, 4}},
		{`priority = 2`, []int{2, 5}},
		{`parent = 1`, []int{5}},
		{`parent != 1`, []int{1, 2, 3, 4}},
		{`id in (1, 1_0, +3)`, []int{1, 3}},
		{`customer = 42 and name = "Anna"`, []int{1}},
		{`customer = 42 and name = "Bert"`, nil},
		{`customer = 42 and not (name = "Bert")`, []int{1}},
		{`not (customer = 42 or name = "Bert")`, []int{2, 4, 5}},
		{`(customer = 42 or customer = 7) and (status = "failed" or name is null)`, []int{4}},
		{`not (status = "failed" and (customer > 10 or vip = 0))`, []int{1, 3, 5}},
		{`error = "it's \"quoted\" \\ \n"`, nil},
		{`error = '"'`, nil},
		{`order = 1`, nil}, // begins with "or", and is an attribute
	} {
		t.Run(tt.expression, func(t *testing.T) {
			s := where.New(options)
			if _, err := s.Expression(tt.expression); err != nil {
				t.Fatal(err)
			}
			got, err := find(t, db, s.Condition())
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("found %v, %v, want %v; SQL: %s", got, err, tt.want, s.Condition().SQL())
			}
		})
	}
}

func TestErrorsSayWhere(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ expression, want string }{
		{"", "at character 1: it is empty"},
		{" \n", "at character 1: it is empty"},
		{"customer", "at character 1: customer is compared with nothing: write such as customer = 1"},
		{"customer =", "at character 11: the end comes too soon: something is missing"},
		{"customer = 42 and", "at character 18: the end comes too soon: something is missing"},
		{"(customer = 42", "at character 15: the end comes too soon: something is missing"},
		{"customer = 42)", `at character 14: ")" is not expected here`},
		{"customer = 42 status = 1", `at character 15: "status" is not expected here`},
		{`name = "Änn`, "at character 8: a quote is opened here that is not closed"},
		{`x = 1; DROP TABLE wf_runs`, `at character 6: ";" is not expected here`},
		{`"Ä" = a and b ? 1`, `at character 15: "?" is not expected here`},
		{`workflow = sum`, `at character 12: sum is a name, not a value: write the text "sum" in quotes`},
		{`workflow = 3`, "at character 12: workflow is compared with a text in quotes"},
		{`id = "3"`, `at character 6: id is compared with a number, not with the text "3"`},
		{`id in (1, "3")`, `at character 11: id is compared with a number, not with the text "3"`},
		{`status = "faild"`, `at character 10: "faild" is no status: there is pending, running, completed, failed, cancelled; the nearest is "failed"`},
		{`created > 5`, `at character 11: created is compared with a time such as "2h ago" or "2026-11-01"`},
		{`created > "soon"`, `at character 11: "soon" is no time: write an age (2h ago, 3d), a date (2026-11-01) or RFC 3339 (2026-11-01T15:04:05Z)`},
		{`took > 5`, `at character 8: took is compared with a length of time such as "90s" or "2h"`},
		{`took > "5x"`, `at character 8: "5x" is no length of time: write 90s, 2h, 30d or 1w`},
		{`1 = 2`, "at character 5: 2 is a value: a comparison begins with the name of a field or an attribute"},
		{`"a" like "b"`, `at character 1: "a" is a value: a comparison begins with the name of a field or an attribute`},
		{`id like "1%"`, "at character 9: like compares texts"},
		{`name like 1`, "at character 11: like compares texts"},
		{`a not = 1`, "at character 3: not stands before in, like, contains, startsWith and endsWith, or before the whole comparison"},
		{`a < null`, "at character 5: null is nothing to compare with: write is null or is not null"},
		{`a in (1, null)`, "at character 10: null is nothing to compare with: write is null or is not null"},
		{`atr("x") = 1`, `at character 1: there is no function "atr": there is attr, time, duration; the nearest is "attr"`},
		{`a = attr("b")`, "at character 5: an attribute is compared with a value"},
		{`a + 1 = 2`, `at character 3: "+" is not expected here`},
		{`a = 1e999`, `at character 5: "1e999" is too great a number`},
		{strings.Repeat("(", 200) + "a = 1" + strings.Repeat(")", 200), "at character 101: brackets are within more than 100 others"},
		{"a = 1" + strings.Repeat(" or a = 1", 300), "at character 1801: it has more than 200 comparisons"},
		{"a in (1" + strings.Repeat(",1", 6000) + ")", "at character 10007: it has more than 5000 values"},
		{strings.Repeat("a", 60_000) + " = 1", "at character 1: it has 60004 bytes, it must not have more than 49152"},
		{"a = '\xff'", "at character 1: it is not UTF-8"},
	} {
		_, err := where.New(options).Expression(tt.expression)
		bad, ok := errors.AsType[*where.Error](err)
		if !ok || bad.Error() != tt.want {
			t.Errorf("%.60q: %v, want %s", tt.expression, err, tt.want)
		}
	}
}

func TestMentionsAreBareNames(t *testing.T) {
	t.Parallel()
	got, err := where.New(options).Expression(`status = "failed" and (ä.b > 1 or attr("sure") = 2) and stauts = "x"`)
	want := []where.Mention{{"ä.b", 24}, {"stauts", 57}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestNear(t *testing.T) {
	t.Parallel()
	known := append(where.Fields(), "customer")
	for word, want := range map[string]string{
		"stauts": "status", "craeted": "created", "custmer": "customer", "Customer": "customer", "worklow": "workflow",
		"region": "", "order": "", "x": "", "totals": "total",
	} {
		if got := where.Near(word, known); got != want {
			t.Errorf("Near(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestExactFilters(t *testing.T) {
	t.Parallel()
	db := newRuns(t)
	for _, tt := range []struct {
		name string
		ask  func(*where.Search)
		want []int
	}{
		{"nothing", func(*where.Search) {}, []int{1, 2, 3, 4, 5}},
		{"field", func(s *where.Search) { s.Field("parent", int64(1)) }, []int{5}},
		{"field, one of", func(s *where.Search) { s.Field("workflow", "pi", "e") }, []int{1, 3, 5}},
		{"attribute", func(s *where.Search) { s.Attribute("customer", int64(42)) }, []int{1}},
		{"attribute, one of", func(s *where.Search) { s.Attribute("customer", int64(42), "42") }, []int{1, 3}},
		{"attribute, none of", func(s *where.Search) { s.Attribute("customer") }, nil},
		{"all together", func(s *where.Search) {
			s.Attribute("customer", int64(42), "42")
			s.Field("workflow", "pi")
			if _, err := s.Expression(`id > 1 or id < 1`); err != nil {
				t.Error(err)
			}
		}, []int{3}},
	} {
		s := where.New(options)
		tt.ask(s)
		if got, err := find(t, db, s.Condition()); err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: found %v, %v, want %v", tt.name, got, err, tt.want)
		}
	}
}

// FuzzExpression holds that any text is an error or a condition that SQLite takes, and that "not" selects
// exactly the other runs.
func FuzzExpression(f *testing.F) {
	for _, seed := range []string{
		`customer = 42 and status in ("failed", "cancelled") and created > "2h ago" and not (workflow = "sum")`,
		`name like "A%" or name startsWith 'B' or name endsWith "\n" or error contains ""`,
		`attr("odd name") is not null and not (done < total or took >= "1h") && ! (a.b != -1.5e3 || x is null)`,
		`vip = true and id not in [1, 2] and 5 > priority`, `ends > time("now") or ends < duration("2d")`,
	} {
		f.Add(seed)
	}
	db := newRuns(f)
	f.Fuzz(func(t *testing.T, expression string) {
		s := where.New(options)
		if _, err := s.Expression(expression); err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("%q: more than one line: %v", expression, err)
			}
			return
		}
		is, err := find(t, db, s.Condition())
		if err != nil {
			t.Fatalf("%q: %v", expression, err)
		}
		opposite := where.New(options)
		if _, err := opposite.Expression("not (" + expression + ")"); err != nil {
			return // one bracket or byte too many
		}
		isNot, err := find(t, db, opposite.Condition())
		if err != nil {
			t.Fatalf("not (%q): %v", expression, err)
		}
		all := append(is, isNot...)
		slices.Sort(all)
		if !slices.Equal(all, []int{1, 2, 3, 4, 5}) {
			t.Errorf("%q selects %v, its opposite %v", expression, is, isNot)
		}
	})
}
