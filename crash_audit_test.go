//go:build unix

package wf_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/engine"
)

// audit compares, after each kill, what the database says was committed with the lines that the
// recorded calls of ledger have left in a file. A life is what happens between two kills.
type audit struct {
	t    *testing.T
	dir  string
	out  string
	read int             // lines of out that were looked at
	last int64           // event that was looked at
	made map[string]bool // calls that have been made, as in out: run/visit/name/occurrence
	kept map[string]bool // calls whose record was committed
	left map[string]bool // visits whose transition was committed: run/visit
	book map[string]int  // rows that the table must have by what was committed: run/visit/what, how often
	redo int             // calls made again
}

func newAudit(t *testing.T, dir string) *audit {
	return &audit{t: t, dir: dir, out: filepath.Join(dir, "out"), made: map[string]bool{}, kept: map[string]bool{}, left: map[string]bool{}, book: map[string]int{}}
}

// look is called when no process is alive. It reports each call of the life that has ended which must
// not have been made, and takes note of what is committed now.
func (a *audit) look() {
	a.t.Helper()
	a.calls()
	a.commits()
	a.booked()
	mustRun(a.t, a.dir, wf(a.t), "check")
}

// calls judges the lines of the life that has ended by what was committed before it.
func (a *audit) calls() {
	a.t.Helper()
	lines := linesOf(a.t, a.out)
	now := map[string]bool{}
	again := map[string]int{} // by run
	for _, call := range lines[a.read:] {
		parts := strings.Split(call, "/")
		run, visit := parts[0], strings.Join(parts[:2], "/")
		switch {
		case a.kept[call]:
			a.t.Errorf("call %s was made again after its record was committed", call)
		case a.left[visit]:
			a.t.Errorf("call %s was made after the transition of its step was committed", call)
		case now[call]:
			a.t.Errorf("call %s was made twice in one life", call)
		case a.made[call]:
			a.redo++
			if again[run]++; again[run] > 1 {
				a.t.Errorf("call %s is the second of its run that one kill has repeated", call)
			}
		}
		now[call], a.made[call] = true, true
	}
	a.read = len(lines)
}

// commits takes note of the events that were committed.
func (a *audit) commits() {
	a.t.Helper()
	for _, ev := range events(a.t, a.dir, engine.HistoryFilter{After: a.last}) {
		a.last = ev.ID
		visit := fmt.Sprintf("%d/%d", ev.Run, ev.Visit)
		switch ev.Kind {
		case "transition", "completed":
			a.left[visit] = true
			a.book[visit+"/transition"]++
		case "call":
			var said struct {
				Call string
				N    int64
			}
			if err := json.Unmarshal(ev.Detail, &said); err != nil {
				a.t.Fatalf("event %d: detail %s: %v", ev.ID, ev.Detail, err)
			}
			if said.Call == "book" { // made in the transaction that records it
				a.book[visit+"/call"]++
				continue
			}
			call := fmt.Sprintf("%s/%s/%d", visit, said.Call, said.N)
			if !a.made[call] {
				a.t.Errorf("the record of call %s was committed, but its line is not in the file", call)
			}
			a.kept[call] = true
		case "fallback", "blocked", "failed", "attempt":
			a.t.Fatalf("run %d: %s: %s", ev.Run, ev.Kind, ev.Error)
		}
	}
}

// booked compares the user's table with what was committed: P4, exactly once in the file.
func (a *audit) booked() {
	a.t.Helper()
	eng, done := reading(a.t, a.dir)
	defer done()
	const written = "SELECT run || '/' || visit || '/' || what FROM book"
	rows, err := eng.Query(context.Background(), written, 0)
	if err != nil && len(a.book) > 0 { // else nobody may have made the table yet
		a.t.Fatal(err)
	}
	got := map[string]int{}
	for _, row := range rows.Rows {
		got[fmt.Sprint(row[0])]++
	}
	if diff := cmp.Diff(a.book, got); diff != "" {
		a.t.Errorf("rows in the book (- by the history, + there):\n%s", diff)
	}
}

// mustAllEnd checks that every run has ended with this result and returns their number.
func (a *audit) mustAllEnd(result string) int {
	a.t.Helper()
	eng, done := reading(a.t, a.dir)
	defer done()
	number := 0
	for f := (engine.RunFilter{WithState: true}); ; {
		page, err := eng.List(context.Background(), f)
		if err != nil {
			a.t.Fatal(err)
		}
		for _, run := range page {
			number++
			f.Before = run.ID
			if run.Status != engine.Completed || string(run.Result) != result {
				a.t.Errorf("run %d is %s with %s, want completed with %s", run.ID, run.Status, run.Result, result)
			}
		}
		if len(page) < 1000 {
			return number
		}
	}
}

// endurable reports whether another kill spares the runs the third death in a row at one checkpoint,
// which would take them back to the one before by intention.
func endurable(t *testing.T, eng *engine.Engine) bool {
	t.Helper()
	workers, err := eng.Workers(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	alive := map[int64]bool{0: true}
	for _, w := range workers {
		alive[w.ID] = w.Alive
	}
	runs, err := eng.List(context.Background(), engine.RunFilter{Statuses: []engine.Status{engine.Running, engine.Pending}})
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range runs {
		deaths := run.Deaths
		if !alive[run.Worker] {
			deaths++
		}
		if deaths > 1 {
			return false
		}
	}
	return true
}
