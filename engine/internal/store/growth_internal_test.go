package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"modernc.org/sqlite"

	queries "github.com/durable-wf/wf/sql"
)

// What a serving process does touches about as many pages of a full file as of an empty one: counted, not timed. A
// statement that looked through what is there would touch thousands.
func TestPagesTouchedDoNotGrow(t *testing.T) {
	t.Parallel()
	empty, full := newFixture(t), newFixture(t)
	full.fill(5000)
	for _, w := range []struct {
		name string
		work func(f *fixture)
	}{
		{"start, transition and end", func(f *fixture) { f.end(f.advance(f.start("order", ""), 3), "completed") }},
		{"claim", func(f *fixture) { f.claimOne() }},
	} {
		got, want := full.touched(func() { w.work(full) }), empty.touched(func() { w.work(empty) })
		if got > 3*want+200 { // of the runs of the other program an index alone is read
			t.Errorf("%s: %d pages touched, %d in an empty file", w.name, got, want)
		}
	}
	orders := sql.Named("workflows", `["order"]`)
	now := sql.Named("now_us", 10)
	for _, q := range []struct {
		name, query string
		args        []any
	}{
		{"what there is to claim", queries.ClaimLanes, []any{orders, now}},
		{"when the next run is due", queries.RunDue, []any{sql.Named("after_us", 10)}},
		{"who lives", queries.WorkerLiving, nil},
		{"the reliability of the host", queries.WorkerReliability, []any{sql.Named("host", "here"), now}},
		{"due schedules", queries.ScheduleDue, []any{orders, now}},
		{"when the next schedule is due", queries.ScheduleNext, []any{orders}},
		{"what is wanted", queries.RunWanted, nil},
		{"limits of queues", queries.QueueLimits, nil},
		{"leftovers", queries.LeftoverList, nil},
		{"a batch's beginning", queries.BatchHeads, nil},
		{"runs that failed", queries.RunFindOpen, findArgs(`["failed"]`)},
		{"runs that execute", queries.RunFindOpen, findArgs(`["running"]`)},
	} {
		got, want := full.read1(q.query, q.args), empty.read1(q.query, q.args)
		if got > 3*want+200 { // the newest thousand workers; what an index says of runs of the other program, and of rare ones
			t.Errorf("%s: %d pages touched, %d in an empty file", q.name, got, want)
		}
	}
}

// findArgs are the parameters for the newest 50 runs of some statuses.
func findArgs(statuses string) []any {
	args := []any{sql.Named("statuses", statuses), sql.Named("before", int64(forever)), sql.Named("key", ""), sql.Named("limit", 50)}
	for _, name := range []string{"after", "since_us", "until_us", "owner"} {
		args = append(args, sql.Named(name, 0))
	}
	return append(args, sql.Named("workflows", nil))
}

// fill adds n runs that have completed, n that sleep until the same time, n that wait for a signal, n that are pending,
// n of another program that are pending and n that are due, and n workers that have stopped.
func (f *fixture) fill(n int) {
	f.tb.Helper()
	model := f.end(f.start("order", ""), "completed")
	for i, set := range []map[string]string{
		{"status": "'completed'"},
		{"status": "'waiting'", "due_us": "4000000000000000", "ended_us": "NULL"},
		{"status": "'waiting'", "ended_us": "NULL"},
		{"status": "'pending'", "ended_us": "NULL", "started_us": "NULL", "rank": "0"},
		{"status": "'pending'", "ended_us": "NULL", "started_us": "NULL", "rank": "0", "workflow": "'bill'", "queue": "'bills'"},
		{"status": "'waiting'", "ended_us": "NULL", "due_us": "5", "workflow": "'bill'"},
	} {
		first := (i + 1) * 10 * n
		set["id"], set["uuid"] = fmt.Sprintf("%d + i.n", first), fmt.Sprintf("printf('%%036d', %d + i.n)", first)
		f.exec(fmt.Sprintf(`INSERT INTO wf_runs (%s) WITH RECURSIVE i (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM i WHERE n < ?)
			SELECT %s FROM wf_runs, i WHERE id = ?`, runColumns(f, nil), runColumns(f, set)), n, model.ID)
	}
	f.exec(`INSERT INTO wf_workers (uuid, host, pid, program, version, started_us, stopped_us)
		WITH RECURSIVE i (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM i WHERE n < ?)
		SELECT printf('%036d', n), 'here', n, 'test', 'v1', n, n + 1 FROM i`, n)
}

// runColumns lists the columns of wf_runs, but for those that are set as SQL that is to stand in their place.
func runColumns(f *fixture, set map[string]string) string {
	f.tb.Helper()
	var names []string
	if err := f.read.Select(&names, "SELECT name FROM pragma_table_info('wf_runs')"); err != nil {
		f.tb.Fatal(err)
	}
	for i, name := range names {
		if value := set[name]; value != "" {
			names[i] = value
		}
	}
	return strings.Join(names, ", ")
}

// claimOne claims a pending run; there is one, whatever else there is.
func (f *fixture) claimOne() {
	f.tb.Helper()
	c := &Create{
		Run:     Run{UUID: "claimed", Workflow: "order", Version: 1, Fingerprint: "f", Step: "one", Keep: "history", Checkpoint: checkpointOf("json", `{}`)},
		History: History{Kind: "created", Step: "one", DurationUS: -1}, InputHash: []byte("input"),
	}
	if _, err := f.Create(f.tb.Context(), c); err != nil {
		f.tb.Fatal(err)
	}
	runs, err := f.Claim(f.tb.Context(), Claim{Worker: f.worker.ID, Workflows: []string{"order"}, Limit: 1})
	mustLen(f.tb, "claimed runs", runs, err, 1)
}

// touched is how many pages the writer touches while fn runs.
func (f *fixture) touched(fn func()) int {
	f.tb.Helper()
	count := func() (n int) {
		f.update(func(tx *Tx) (err error) { n, err = pagesTouched(tx.b.w.conn.Raw); return err })
		return n
	}
	before := count()
	fn()
	return count() - before
}

// read1 is how many pages a query touches.
func (f *fixture) read1(query string, args []any) int {
	f.tb.Helper()
	ctx := context.Background()
	conn, err := f.read.Conn(ctx)
	if err != nil {
		f.tb.Fatal(err)
	}
	defer conn.Close()
	run := func() {
		rows, err := conn.QueryContext(ctx, bare(query), args...)
		if err != nil {
			f.tb.Fatalf("%s: %v", query, err)
		}
		for rows.Next() { // reads all
		}
		if err := rows.Close(); err != nil {
			f.tb.Fatalf("%s: %v", query, err)
		}
	}
	run() // the schema is read once
	before, err := pagesTouched(conn.Raw)
	if err != nil {
		f.tb.Fatal(err)
	}
	run()
	after, err := pagesTouched(conn.Raw)
	if err != nil {
		f.tb.Fatal(err)
	}
	return after - before
}

// pagesTouched is how many pages a connection has asked its cache for so far.
func pagesTouched(raw func(func(any) error) error) (n int, err error) {
	err = raw(func(driver any) error {
		status, ok := driver.(sqlite.DBStatus)
		if !ok {
			return fmt.Errorf("%T has no status", driver)
		}
		for _, op := range []sqlite.DBStatusOp{sqlite.DBStatusCacheHit, sqlite.DBStatusCacheMiss} {
			count, _, err := status.Status(op, false)
			if err != nil {
				return err
			}
			n += count
		}
		return nil
	})
	return n, err
}
