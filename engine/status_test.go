package engine_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// The table of moves is written down three times: in Go, in the schema, and for people.
func TestTransitionsAreTheSameEverywhere(t *testing.T) {
	t.Parallel()
	want := map[string]bool{}
	for from, list := range engine.Transitions() {
		for _, to := range list {
			want[string(from)+">"+string(to)] = true
		}
	}
	for name, got := range map[string][]string{"trigger": movesOfTrigger(t), "docs/states.md": movesOfDocs(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if want := slices.Sorted(maps.Keys(want)); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
				t.Errorf("moves = %q,\nwant %q", slices.Sorted(slices.Values(got)), want)
			}
		})
	}
}

func TestStatusesAreTheSameInTheSchema(t *testing.T) {
	t.Parallel()
	check := regexp.MustCompile(`status\s+TEXT\s+NOT NULL CHECK \(\s*(?:--.*\s+)?(status = '[^)]*)\)`).FindStringSubmatch(schemaOf(t, "wf_runs"))
	if check == nil {
		t.Fatal("wf_runs has no CHECK of its status")
	}
	var got []engine.Status
	for _, quoted := range regexp.MustCompile(`status = '(\w+)'(?: OR|$)`).FindAllStringSubmatch(check[1], -1) {
		got = append(got, engine.Status(quoted[1]))
	}
	if want := engine.Statuses(); !slices.Equal(got, want) {
		t.Errorf("CHECK allows %q, want %q", got, want)
	}
	if n := len(engine.Transitions()); n != len(got) {
		t.Errorf("the table of moves has %d statuses, want %d", n, len(got))
	}
}

// P8: finished is finished. Only a person's Retry takes a failed run up again.
func TestNoMoveLeavesAnEnd(t *testing.T) {
	t.Parallel()
	if got := engine.Transitions()[engine.Failed]; !slices.Equal(got, []engine.Status{engine.Pending}) {
		t.Errorf("failed runs may become %v, want pending alone", got)
	}
	for _, from := range engine.Statuses() {
		ends := from == engine.Completed || from == engine.Failed || from == engine.Cancelled
		if from.Ended() != ends || ends != (len(engine.Transitions()[from]) == 0 || from == engine.Failed) {
			t.Errorf("%s: Ended() = %v with %d moves", from, from.Ended(), len(engine.Transitions()[from]))
		}
		for _, to := range engine.Statuses() {
			if got, want := from.CanBecome(to), slices.Contains(engine.Transitions()[from], to); got != want {
				t.Errorf("%s.CanBecome(%s) = %v, want %v", from, to, got, want)
			}
		}
	}
}

// schemaOf returns the SQL that made a table, index or trigger.
func schemaOf(t *testing.T, name string) string {
	t.Helper()
	table, err := newEngine(t).Query(t.Context(), fmt.Sprintf("SELECT sql FROM sqlite_schema WHERE name = '%s'", name), 0)
	if err != nil || len(table.Rows) != 1 {
		t.Fatalf("schema of %s: %d rows, %v", name, len(table.Rows), err)
	}
	return table.Rows[0][0].(string)
}

func movesOfTrigger(t *testing.T) []string {
	t.Helper()
	var moves []string
	for _, from := range regexp.MustCompile(`WHEN '(\w+)' THEN '([^']*)'`).FindAllStringSubmatch(schemaOf(t, "wf_runs_moves"), -1) {
		for to := range strings.FieldsSeq(from[2]) {
			moves = append(moves, from[1]+">"+to)
		}
	}
	return moves
}

// movesOfDocs reads the table under the heading "Allowed moves".
func movesOfDocs(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../docs/states.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "## Allowed moves")
	section, _, _ = strings.Cut(section, "\n## ")
	var moves []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (.*) \\|$").FindAllStringSubmatch(section, -1) {
		for _, to := range regexp.MustCompile(`\w+`).FindAllString(row[2], -1) {
			moves = append(moves, row[1]+">"+to)
		}
	}
	return moves
}
