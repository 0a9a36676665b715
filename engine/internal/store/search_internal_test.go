package store

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine/internal/where"
	queries "github.com/durable-wf/wf/sql"
)

// hundredThousand returns a store with 100,000 runs: of 1,000 customers with 100 runs each, in two regions.
func hundredThousand(t *testing.T) *fixture {
	t.Helper()
	f := newFixture(t)
	f.exec(`
		WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 100000)
		INSERT INTO wf_runs (id, uuid, workflow, version, fingerprint, status, step, visit, attempt, failures, deaths, seq, epoch, queue,
			priority, rank, children, created_us, updated_us, ended_us, head_hash, keep, seed, copied_us, codec, checksum, parent)
		SELECT i, 'uuid' || i, 'order', 1, '', 'completed', 'one', 1, 1, 0, 0, 1, 1, 'default', 0, 0, 0, i, i, i, x'', 'history', 0, 0, '', 0,
			CASE WHEN i > 1000 THEN i % 1000 + 1 END FROM c;
		WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 100000)
		INSERT INTO wf_attributes (run, name, value) SELECT i, 'customer', i * 7919 % 1000 FROM c;
		WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 100000)
		INSERT INTO wf_attributes (run, name, value) SELECT i, 'region', CASE i % 2 WHEN 0 THEN 'eu' ELSE 'us' END FROM c`)
	return f
}

func searchFor(t *testing.T, expression string) where.Condition {
	t.Helper()
	s := where.New(where.Options{Now: time.Now(), Statuses: []string{"completed", "failed"}})
	if _, err := s.Expression(expression); err != nil {
		t.Fatal(err)
	}
	return s.Condition()
}

// planOf returns the plan of a search, a line each.
func (f *fixture) planOf(c where.Condition) string {
	f.tb.Helper()
	var args []any
	for _, name := range []string{"after", "before", "workflows", "statuses", "since_us", "until_us", "owner", "key", "limit"} {
		args = append(args, sql.Named(name, nil))
	}
	for _, a := range c.Args() {
		args = append(args, sql.Named(a.Name, a.Value))
	}
	rows, err := f.read.Query("EXPLAIN QUERY PLAN "+strings.Replace(bare(queries.RunFind), noCondition, c.SQL(), 1), args...)
	if err != nil {
		f.tb.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			f.tb.Fatal(err)
		}
		plan.WriteString(detail + "\n")
	}
	return plan.String()
}

// What is found by an index touches pages for each run that is found, which are the way down a few trees, and not for each
// run that there is.
func TestSearchUsesTheIndexes(t *testing.T) {
	t.Parallel()
	f := hundredThousand(t)
	touched := func(expression string, want int) int {
		t.Helper()
		c := searchFor(t, expression)
		before := f.mustPagesRead()
		runs, err := f.Runs(t.Context(), RunFilter{Where: c, NoState: true})
		pages := f.mustPagesRead() - before
		mustLen(t, expression, runs, err, want)
		t.Logf("%6d  %s", pages, expression)
		return pages
	}
	const eachRun = 7 // pages
	if all := touched(`error = "none"`, 0); all < 2*200*eachRun {
		t.Fatalf("without an index %d pages are touched, too few to tell", all)
	}
	const byValue = "SEARCH wf_attributes USING COVERING INDEX wf_attributes_value (name=? AND value=?)"
	for _, tt := range []struct {
		expression string
		found      int
		plan       string
	}{
		{`customer = 42`, 100, byValue},
		{`customer = 42 and status = "completed"`, 100, byValue},
		{`customer in (42, 43)`, 200, byValue},
		{`customer = 42 or customer = 43`, 200, byValue},
		{`customer > 998`, 100, "USING COVERING INDEX wf_attributes_value (name=? AND value>? AND value<?)"},
		{`customer > 41 and customer < 43`, 100, "USING COVERING INDEX wf_attributes_value (name=? AND value>? AND value<?)"},
		{`parent = 7`, 99, "SEARCH wf_runs USING INDEX wf_runs_child (parent=?"},
		{`customer = 42 and region = "eu"`, 100, byValue},
		{`region = "eu" and customer = 42`, 100, byValue},
	} {
		c := searchFor(t, tt.expression)
		plan := f.planOf(c)
		if !strings.Contains(plan, tt.plan) || strings.Contains(plan, "SCAN wf_") {
			t.Errorf("%s: the plan is\n%swant in it %s", tt.expression, plan, tt.plan)
		}
		if n := touched(tt.expression, tt.found); n > eachRun*tt.found+10 {
			t.Errorf("%s touches %d pages to find %d runs, at most %d are allowed for each", tt.expression, n, tt.found, eachRun)
		}
	}
	touched(`region = "eu"`, 1000) // half of all, a page of them
	touched(`not (region = "eu") and customer != 42`, 1000)
	if plan := f.planOf(searchFor(t, `not (region = "eu")`)); strings.Contains(plan, "SCAN wf_") {
		t.Errorf("the plan of an opposite is\n%s", plan)
	}
}

func (f *fixture) mustPagesRead() int {
	f.tb.Helper()
	n, err := f.pagesRead(f.tb.Context())
	if err != nil {
		f.tb.Fatal(err)
	}
	return n
}
