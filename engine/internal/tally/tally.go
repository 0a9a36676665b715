// Package tally counts what a store asks of SQLite. It is for tests: what a transition costs is promised as numbers
// of commits and statements, which no noise of a machine can hide.
package tally

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Tally counts statements. The nil *Tally counts nothing. It is safe for concurrent use.
type Tally struct {
	mu     sync.Mutex // guards what follows
	counts Counts
}

// Counts are how often statements were prepared and executed, by their text.
type Counts struct {
	Prepared map[string]int
	Written  map[string]int // executed on the connection that writes: BEGIN, COMMIT and what it reads included
	Read     map[string]int // executed on others
}

// New returns a tally that has counted nothing.
func New() *Tally { return &Tally{counts: newCounts()} }

func newCounts() Counts {
	return Counts{Prepared: map[string]int{}, Written: map[string]int{}, Read: map[string]int{}}
}

// Take returns what was counted since the last Take.
func (t *Tally) Take() Counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	counts := t.counts
	t.counts = newCounts()
	return counts
}

// Connection counts for connections of one kind. Nobody asks a nil one to count.
type Connection struct {
	tally    *Tally
	executed func(*Counts) map[string]int
}

// Writer returns what counts for the connection that writes; nil for a nil Tally.
func (t *Tally) Writer() *Connection {
	return t.connection(func(c *Counts) map[string]int { return c.Written })
}

// Readers returns what counts for the other connections; nil for a nil Tally.
func (t *Tally) Readers() *Connection {
	return t.connection(func(c *Counts) map[string]int { return c.Read })
}

func (t *Tally) connection(executed func(*Counts) map[string]int) *Connection {
	if t == nil {
		return nil
	}
	return &Connection{t, executed}
}

// Prepare counts that a statement is prepared.
func (c *Connection) Prepare(text string) {
	c.tally.mu.Lock()
	defer c.tally.mu.Unlock()
	c.tally.counts.Prepared[text]++
}

// Execute counts that a statement is executed.
func (c *Connection) Execute(text string) {
	c.tally.mu.Lock()
	defer c.tally.mu.Unlock()
	c.executed(&c.tally.counts)[text]++
}

// Cost is what something costs.
type Cost struct {
	Commits    int // each waits for the disk once
	Statements int // executed on the connection that writes
	Reads      int // executed on others
}

// String is what people read.
func (c Cost) String() string {
	text := fmt.Sprintf("%d commits and %d statements", c.Commits, c.Statements)
	if c.Reads > 0 {
		text += fmt.Sprintf(" and %d reads", c.Reads)
	}
	return text
}

// look is what every store does once a second, and when it was woken, whatever else it does.
const look = "PRAGMA data_version"

// Cost sums up what was executed, but for that.
func (c Counts) Cost() Cost {
	var cost Cost
	for text, n := range c.Written {
		if text == look {
			continue
		}
		if strings.HasSuffix(strings.TrimRight(text, "; \n"), "COMMIT") {
			cost.Commits += n
		}
		cost.Statements += n
	}
	for text, n := range c.Read {
		if text != look {
			cost.Reads += n
		}
	}
	return cost
}

// Sum returns how many statements were executed in all.
func (c Counts) Sum() int {
	sum := 0
	for _, counts := range []map[string]int{c.Written, c.Read} {
		for _, n := range counts {
			sum += n
		}
	}
	return sum
}

// String lists what was executed by the first lines of the texts, which say what they are for.
func (c Counts) String() string {
	var list strings.Builder
	for _, part := range []struct {
		verb   string
		counts map[string]int
	}{{"written", c.Written}, {"read", c.Read}} {
		for _, text := range slices.Sorted(maps.Keys(part.counts)) {
			line, _, _ := strings.Cut(text, "\n")
			fmt.Fprintf(&list, "%5d × %s: %.100s\n", part.counts[text], part.verb, line)
		}
	}
	return list.String()
}

type key struct{}

// With returns a context with which a store opens connections that count.
func With(ctx context.Context, t *Tally) context.Context { return context.WithValue(ctx, key{}, t) }

// From returns the tally of a context; nil unless With has set one.
func From(ctx context.Context) *Tally {
	t, _ := ctx.Value(key{}).(*Tally)
	return t
}
