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

// TestSearchUsesTheIndexes looks at plans and at times: what is found by an index costs a small part of what
// looks at all runs.
func TestSearchUsesTheIndexes(t *testing.T) {
	f := hundredThousand(t)
	took := func(expression string, want int) time.Duration {
		t.Helper()
		c := searchFor(t, expression)
		best := time.Hour
		for range 3 {
			begun := time.Now()
			runs, err := f.Runs(t.Context(), RunFilter{Where: c, NoState: true})
			best = min(best, time.Since(begun))
			mustLen(t, expression, runs, err, want)
		}
		t.Logf("%8v  %s", best.Round(10*time.Microsecond), expression)
		return best
	}
	all := took(`error = "none"`, 0) // of this there is no index
	const byValue = "SEARCH wf_attributes USING COVERING INDEX wf_attributes_value (name=? AND value=?)"
	for _, tt := range []struct {
		expression string
		found      int
		plan       string
		share      float64 // of the time that looking at all runs takes
	}{
		{`customer = 42`, 100, byValue, 0.5},
		{`customer = 42 and status = "completed"`, 100, byValue, 0.5},
		{`customer in (42, 43)`, 200, byValue, 0.5},
		{`customer = 42 or customer = 43`, 200, byValue, 0.5},
		{`customer > 998`, 100, "USING COVERING INDEX wf_attributes_value (name=? AND value>? AND value<?)", 0.5},
		{`customer > 41 and customer < 43`, 100, "USING COVERING INDEX wf_attributes_value (name=? AND value>? AND value<?)", 0.5},
		{`parent = 7`, 99, "SEARCH wf_runs USING INDEX wf_runs_child (parent=?", 0.5},
		{`customer = 42 and region = "eu"`, 100, byValue, 1},
		{`region = "eu" and customer = 42`, 100, byValue, 1},
	} {
		c := searchFor(t, tt.expression)
		plan := f.planOf(c)
		if !strings.Contains(plan, tt.plan) || strings.Contains(plan, "SCAN wf_") {
			t.Errorf("%s: the plan is\n%swant in it %s", tt.expression, plan, tt.plan)
		}
		if d := took(tt.expression, tt.found); float64(d) > tt.share*float64(all) {
			t.Errorf("%s takes %v, to look at all runs %v", tt.expression, d, all)
		}
	}
	took(`region = "eu"`, 1000) // half of all, a page of them
	took(`not (region = "eu") and customer != 42`, 1000)
	if plan := f.planOf(searchFor(t, `not (region = "eu")`)); strings.Contains(plan, "SCAN wf_") {
		t.Errorf("the plan of an opposite is\n%s", plan)
	}
}
