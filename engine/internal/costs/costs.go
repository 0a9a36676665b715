// Package costs compares what was counted with the tables of costs in the documents, for tests: a promise stands in
// one place, where people read it.
package costs

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine/internal/tally"
)

// Document holds the tables, seen from the folders of the packages whose tests use them.
type Document struct {
	Path   string
	Update bool // write what was counted into the tables, instead of comparing
}

// line is one of a table: what, and how many commits and statements.
var line = regexp.MustCompile(`^\| (.+?) +\| +(\d+) \| +(\d+) \|\n?$`)

// Compare wants each line of the table that follows a line of the document to have been counted, and to promise no
// less than was counted.
func (d Document) Compare(t testing.TB, after string, counted map[string]tally.Counts) {
	t.Helper()
	text, err := os.ReadFile(d.Path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), "\n"+after+"\n\n")
	if !found {
		t.Fatalf("%s has no line %q", d.Path, after)
	}
	var table strings.Builder
	for row := range strings.Lines(rest) {
		if !strings.HasPrefix(row, "|") {
			break
		}
		table.WriteString(d.compareRow(t, row, counted))
		rest = rest[len(row):]
	}
	for what, counts := range counted {
		t.Errorf("%s does not say what this takes: %s: %v", d.Path, what, counts.Cost())
	}
	if d.Update {
		text := before + "\n" + after + "\n\n" + table.String() + rest
		if err := os.WriteFile(d.Path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// compareRow compares one row with what was counted, which it takes out, and returns the row with that in it.
func (d Document) compareRow(t testing.TB, row string, counted map[string]tally.Counts) string {
	t.Helper()
	m := line.FindStringSubmatch(row)
	if m == nil {
		return row // the head
	}
	what, promised := m[1], tally.Cost{Commits: number(m[2]), Statements: number(m[3])}
	counts, found := counted[what]
	if !found {
		t.Errorf("%s: nothing was counted", what)
		return row
	}
	delete(counted, what)
	cost := counts.Cost()
	cost.Reads = 0 // some are those of who looks around in the background
	switch {
	case d.Update:
	case cost.Commits > promised.Commits || cost.Statements > promised.Statements:
		t.Errorf("%s takes %v, promised are %v:\n%v", what, cost, promised, counts)
	case cost != promised:
		t.Logf("%s takes %v, promised are %v: go test -run Cost -update writes it down", what, cost, promised)
	}
	return fmt.Sprintf("| %s | %d | %d |\n", what, cost.Commits, cost.Statements)
}

func number(digits string) int {
	n, _ := strconv.Atoi(digits) // they are digits
	return n
}
