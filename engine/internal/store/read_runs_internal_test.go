package store

import (
	"fmt"
	"math"
	"slices"
	"testing"

	queries "github.com/durable-wf/wf/sql"
)

// idsOf returns the numbers of the runs that a filter selects.
func (f *fixture) idsOf(filter RunFilter) []int64 {
	f.tb.Helper()
	runs, err := f.Runs(f.tb.Context(), filter)
	if err != nil {
		f.tb.Fatalf("Runs(%+v): %v", filter, err)
	}
	var got []int64
	for _, run := range runs {
		got = append(got, run.ID)
	}
	return got
}

// Whatever index finds the runs of some statuses, they are those that have them, newest first, page by page; whether few
// runs are pending or so many that they are not looked for by their index.
func TestRunsOfAnyStatusesAreListed(t *testing.T) {
	t.Parallel()
	for _, pending := range []int{3, fewPending + 5} {
		t.Run(fmt.Sprintf("%d pending", pending), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			all := []string{"pending", "running", "waiting", "paused", "blocked", "suspended", "compensating", "completed", "failed", "cancelled"}
			f.exec("DROP TRIGGER wf_runs_moves")
			f.start("order", "")
			f.exec(fmt.Sprintf("INSERT INTO wf_runs (%s) WITH RECURSIVE i (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM i WHERE n < %d) "+
				"SELECT %s FROM wf_runs, i WHERE id = 1", runColumns(f, nil), pending-1, runColumns(f, map[string]string{
				"id": "10 + n", "uuid": "'u' || n", "status": "'pending'", "owner": "NULL"})))
			for i := range 40 { // above and below the pending ones
				status, id := all[i%len(all)], int64(i-20)*100_000
				owner := "NULL"
				if status == "running" || i == 6 { // compensating
					owner = fmt.Sprint(f.worker.ID)
				}
				f.exec(fmt.Sprintf("INSERT INTO wf_runs (%s) SELECT %s FROM wf_runs WHERE id = 1", runColumns(f, nil), runColumns(f, map[string]string{
					"id": fmt.Sprint(id - 1), "uuid": fmt.Sprintf("'v%d'", i), "status": "'" + status + "'", "owner": owner})))
			}
			for _, statuses := range [][]string{
				nil, all, {"failed"}, {"running"}, {"pending"}, {"failed", "completed"}, {"failed", "running"}, {"pending", "compensating"},
				{"waiting", "pending", "running", "paused", "blocked", "suspended", "compensating"},
			} {
				var want []int64
				if err := f.read.Select(&want, "SELECT id FROM wf_runs WHERE status IN (SELECT value FROM json_each(?)) OR ? ORDER BY id DESC LIMIT 30",
					jsonList(slices.Concat([]string{}, statuses)), statuses == nil); err != nil {
					t.Fatal(err)
				}
				filter := RunFilter{Statuses: statuses, AfterID: math.MinInt64, Limit: 20}
				got := f.idsOf(filter)
				if filter.BeforeID = got[len(got)-1]; len(got) == 20 {
					filter.Limit = 10
					got = append(got, f.idsOf(filter)...)
				}
				if !slices.Equal(got, want) {
					t.Errorf("runs that are %q: %v, want %v", statuses, got, want)
				}
			}
		})
	}
}

// Times are found by ids, as long as these follow time. When runs have come from elsewhere they do not, and nothing is
// left out.
func TestRunsAreFoundByTime(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for range 9 {
		f.start("order", "")
	}
	f.exec("PRAGMA user_version = 7") // is that of the program in whose file the runs are
	if rows, err := f.History(t.Context(), HistoryFilter{SinceUS: 1}); err != nil || len(rows) != 9 {
		t.Errorf("History since a time: %d rows, %v", len(rows), err)
	}
	f.exec("DELETE FROM wf_runs WHERE id IN (1, 4, 5)")
	f.exec("UPDATE wf_runs SET created_us = id * 100")
	for _, tt := range []struct {
		since, until, after, before int64
		want                        []int64
	}{
		{0, 0, 0, math.MaxInt64, []int64{9, 8, 7, 6, 3, 2}},
		{300, 0, 2, math.MaxInt64, []int64{9, 8, 7, 6, 3}},
		{301, 800, 3, 8, []int64{7, 6}},
		{100, 250, 1, 3, []int64{2}},
		{901, 0, 9, math.MaxInt64, nil},
		{0, 100, 0, 2, nil},
	} {
		filter := RunFilter{SinceUS: tt.since, UntilUS: tt.until}
		if got := f.idsOf(filter); !slices.Equal(got, tt.want) {
			t.Errorf("since %d until %d: runs %v, want %v", tt.since, tt.until, got, tt.want)
		}
		if err := f.narrow(t.Context(), &filter); err != nil || filter.AfterID != tt.after || filter.BeforeID != tt.before {
			t.Errorf("since %d until %d: looks after %d and before %d, %v; want %d and %d", tt.since, tt.until, filter.AfterID, filter.BeforeID, err, tt.after, tt.before)
		}
	}
	f.exec(queries.ArchiveRenumbered)
	f.exec(queries.ArchiveRenumbered) // once more changes nothing
	var version int
	if err := f.read.Get(&version, "PRAGMA user_version"); err != nil || version != 7 {
		t.Errorf("user_version is %d, %v", version, err)
	}
	f.exec("UPDATE wf_runs SET created_us = 950 WHERE id = 3")
	f.exec("UPDATE wf_runs SET created_us = 1 WHERE id = 8")
	if got := f.idsOf(RunFilter{SinceUS: 700}); !slices.Equal(got, []int64{9, 7, 3}) {
		t.Errorf("since 700, with runs from elsewhere: %v", got)
	}
	if got := f.idsOf(RunFilter{UntilUS: 300}); !slices.Equal(got, []int64{8, 2}) {
		t.Errorf("until 300, with runs from elsewhere: %v", got)
	}
}
