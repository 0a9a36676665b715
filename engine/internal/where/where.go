// Package where turns a search expression over runs, such as
//
//	customer = 42 and status in ("failed", "cancelled") and created > "2h ago"
//
// into a condition of SQL. Names are fields of runs (see [Fields]) or attributes; values are numbers, texts,
// true, false and null. It is two-valued: what a run does not have fulfils no comparison, and "not" turns
// every answer around, so that a != 1 is the same as not (a = 1).
package where

import (
	"slices"
	"time"
)

// Options are what an expression means beyond its text.
type Options struct {
	Now      time.Time // ages count from here
	Statuses []string  // the words that the field status has
}

// Search is what runs are asked for. All that is added must hold; without anything all runs do.
type Search struct {
	options Options
	all     []term
	tests   int
	values  int
}

// Mention is an attribute that an expression names without attr(…), so that the name may be a misspelling.
type Mention struct {
	Name     string
	Position int // of the character, from 1
}

// New returns a search for all runs.
func New(o Options) *Search { return &Search{options: o} }

// Expression adds an expression, and returns the attributes that it mentions by their bare names. Its error
// is an *Error.
func (s *Search) Expression(expression string) ([]Mention, error) {
	tree, err := parse(expression)
	if err != nil {
		return nil, err
	}
	c := &compiler{search: s, expression: expression}
	t, err := c.anyOf(tree)
	if err != nil {
		return nil, err
	}
	s.all = append(s.all, t)
	return c.mentions, nil
}

// Field adds that a field has one of some values, each an int64 or a string. The field must be one of Fields.
func (s *Search) Field(name string, values ...any) {
	if f, ok := fieldOf(name); ok {
		s.all = append(s.all, term{test: &test{field: f, op: opIn, values: values}})
	}
}

// Attribute adds that an attribute has one of some values, each an int64, a float64 or a string.
func (s *Search) Attribute(name string, values ...any) {
	s.all = append(s.all, term{test: &test{attribute: name, op: opIn, values: values}})
}

// Condition returns the search as SQL. The zero Condition stands for all runs.
func (s *Search) Condition() Condition {
	if len(s.all) == 0 {
		return Condition{}
	}
	w := &writer{now: s.options.Now}
	w.term(term{of: s.all}, false)
	return Condition{w.text.String(), slices.Clip(w.args)}
}

// term is a part of a search: all or any of some terms, or one test; or the opposite of that.
type term struct {
	not  bool
	any  bool
	of   []term
	test *test // nil: of counts
}

// test compares what a run has with values.
type test struct {
	attribute string // "" if it is about a field
	field     field
	op        op
	values    []any  // one, but for opIn; none for opNull
	other     *field // instead of a value
}

type op string

const (
	opEqual    op = "="
	opLess     op = "<"
	opMost     op = "<="
	opGreater  op = ">"
	opLeast    op = ">="
	opIn       op = "in"
	opNull     op = "null"
	opLike     op = "like"
	opContains op = "contains"
	opStarts   op = "startswith"
	opEnds     op = "endswith"
)

// textual reports whether the operator is for texts alone.
func (o op) textual() bool {
	return o == opLike || o == opContains || o == opStarts || o == opEnds
}
