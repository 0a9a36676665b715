package enginetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/engine"
)

// end is what is known of a life: how things stood at its beginning, and how it ended.
type end struct {
	past   map[int64]engine.Run // runs at the beginning
	known  map[string]int       // how often each recorded call was recorded, at the beginning
	newest string               // the events before it

	runs    []string            // each with how it has ended, sorted
	tables  map[string][]string // rows of the user's own tables, sorted
	present map[int64]engine.Run
	records map[string]int
	hashes  map[int64]map[int64]string // of events, by run and seq
	called  map[string]int             // how often each recorded call was made in this life
	commits int64
}

// begin looks at a file before an engine does anything with it.
func begin(t testing.TB, eng *engine.Engine) end {
	t.Helper()
	events := eventsOf(t, eng)
	e := end{past: map[int64]engine.Run{}, known: recordsIn(t, eng, events)}
	for _, run := range runsOf(t, eng) {
		e.past[run.ID] = run
	}
	for _, ev := range events[max(0, len(events)-storyEvents):] {
		e.newest += fmt.Sprintf("  run %d: %s\n", ev.Run, line(ev))
	}
	return e
}

// finish looks at what a life has left.
func (e *end) finish(t testing.TB, eng *engine.Engine) {
	t.Helper()
	found := func(f engine.Finding) { t.Errorf("found %v", f) }
	if err := eng.Check(t.Context(), found); err != nil {
		t.Errorf("Check: %v", err)
	}
	if err := eng.Verify(t.Context(), 0, found); err != nil {
		t.Errorf("Verify: %v", err)
	}
	events := eventsOf(t, eng)
	e.records, e.tables = recordsIn(t, eng, events), tablesOf(t, eng)
	e.present, e.hashes = map[int64]engine.Run{}, map[int64]map[int64]string{}
	for _, run := range runsOf(t, eng) {
		e.present[run.ID] = run
		e.runs = append(e.runs, fmt.Sprintf("%s, place %d: %s %s", run.Workflow, run.Place, run.Status, run.Result))
	}
	slices.Sort(e.runs)
	for _, ev := range events {
		if e.hashes[ev.Run] == nil {
			e.hashes[ev.Run] = map[int64]string{}
		}
		e.hashes[ev.Run][ev.Seq] = string(ev.Hash)
	}
}

// compare fails the test for what has ended otherwise than without a death.
func (e *end) compare(t testing.TB, got end, ignore []string) {
	t.Helper()
	if diff := cmp.Diff(e.runs, got.runs); diff != "" {
		t.Errorf("how the runs ended (- without a death, + with):\n%s", diff)
	}
	for _, tables := range []map[string][]string{e.tables, got.tables} {
		for _, name := range ignore {
			delete(tables, name)
		}
	}
	if diff := cmp.Diff(e.tables, got.tables); diff != "" {
		t.Errorf("rows of the user's own tables (- without a death, + with):\n%s", diff)
	}
	for key, n := range got.records {
		if n > 1 {
			t.Errorf("call %s was recorded %d times", key, n)
		}
	}
}

// follows fails the test where a life does not go on from what was committed before it.
func (e *end) follows(t testing.TB) {
	t.Helper()
	for _, key := range slices.Sorted(maps.Keys(e.called)) {
		if e.known[key] > 0 {
			t.Errorf("call %s was made again, although its record was committed", key)
		}
	}
	for id, was := range e.past {
		now, ok := e.present[id]
		switch {
		case !ok:
			t.Errorf("run %d is gone", id)
		case now.Seq < was.Seq:
			t.Errorf("run %d went back from seq %d to %d", id, was.Seq, now.Seq)
		case was.Keep != engine.KeepNone && e.hashes[id][was.Seq] != string(was.Head):
			t.Errorf("run %d: the history up to seq %d is not what it was", id, was.Seq)
		}
	}
}

// runsOf returns all runs.
func runsOf(t testing.TB, eng *engine.Engine) (all []engine.Run) {
	t.Helper()
	for before := int64(0); ; {
		page, err := eng.List(t.Context(), engine.RunFilter{Before: before, WithState: true})
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		if len(page) == 0 {
			return all
		}
		all, before = append(all, page...), page[len(page)-1].ID
	}
}

// eventsOf returns the whole history of the file.
func eventsOf(t testing.TB, eng *engine.Engine) (all []engine.Event) {
	t.Helper()
	for page, err := range eng.HistoryPages(t.Context(), engine.HistoryFilter{}) {
		if err != nil {
			t.Fatalf("HistoryPages: %v", err)
		}
		all = append(all, page...)
	}
	return all
}

// recordsIn counts how often each recorded call was recorded, by its key (see [engine.CallKey]).
func recordsIn(t testing.TB, eng *engine.Engine, events []engine.Event) map[string]int {
	t.Helper()
	uuids := map[int64]string{}
	for _, run := range runsOf(t, eng) {
		uuids[run.ID] = run.UUID
	}
	records := map[string]int{}
	for _, ev := range events {
		if ev.Kind != "call" {
			continue
		}
		var said struct {
			Call string `json:"call"`
			N    int64  `json:"n"`
		}
		if err := json.Unmarshal(ev.Detail, &said); err != nil {
			t.Fatalf("event %d: detail: %v", ev.ID, err)
		}
		records[fmt.Sprintf("%s/%d/%s/%d", uuids[ev.Run], ev.Visit, said.Call, said.N)]++
	}
	return records
}

const ownTables = `SELECT name FROM sqlite_schema
WHERE type = 'table' AND name NOT LIKE 'wf\_%' ESCAPE '\' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'`

// tablesOf returns the rows of the user's own tables.
func tablesOf(t testing.TB, eng *engine.Engine) map[string][]string {
	t.Helper()
	tables := map[string][]string{}
	for _, row := range query(t, eng, ownTables) {
		name := fmt.Sprint(row[0])
		rows := []string{}
		for _, values := range query(t, eng, `SELECT * FROM "`+strings.ReplaceAll(name, `"`, `""`)+`"`) {
			rows = append(rows, fmt.Sprintf("%v", values))
		}
		slices.Sort(rows)
		tables[name] = rows
	}
	return tables
}

func query(t testing.TB, eng *engine.Engine, sql string) [][]any {
	t.Helper()
	answer, err := eng.Query(t.Context(), sql, 0)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return answer.Rows
}
