package where

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Condition is a condition of SQL on rows of wf_runs, with the values of its parameters. Only a [Search]
// makes one.
//
// This is the one place where the text of a statement is put together at run time. It is safe because
// nothing of it comes from the user: the text is made of the constants in this file, of the columns that
// field.go lists, and of parameters that are counted. Names of attributes and all values are bound.
type Condition struct {
	text string
	args []Arg
}

// Arg is the value of a parameter: an int64, a float64 or a string.
type Arg struct {
	Name  string // without the colon
	Value any
}

// SQL returns the condition; "" if there is none, since all runs are asked for.
func (c Condition) SQL() string { return c.text }

// Args returns the values of its parameters.
func (c Condition) Args() []Arg { return c.args }

// What conditions are made of.
const (
	paramPrefix = "where_"
	nothing     = "0"
	// The runs whose attribute passes some tests. The statement within is run once, not for each run, and
	// reads from the index on name and value no more than what it returns.
	hasAttribute   = "id IN ("
	lacksAttribute = "id NOT IN ("
	ofAttribute    = "SELECT run FROM wf_attributes WHERE name = "
	both           = " INTERSECT "
	isUntrue       = " IS NOT TRUE"
)

// writer writes a condition.
type writer struct {
	now  time.Time
	text strings.Builder
	args []Arg
	asks bool // for the time
}

// param binds a value and returns its parameter.
func (w *writer) param(value any) string {
	name := paramPrefix + strconv.Itoa(len(w.args)+1)
	w.args = append(w.args, Arg{name, value})
	return ":" + name
}

// column is the SQL that reads a field.
func (w *writer) column(f field) string {
	if !w.asks && strings.Contains(f.column, now) {
		w.asks = true
		w.args = append(w.args, Arg{strings.TrimPrefix(now, ":"), w.now.UnixMicro()})
	}
	return f.column
}

// term writes a term or, with not, its opposite. Negations go down to the single tests: above them, NULL
// is as good as false.
func (w *writer) term(t term, not bool) {
	not = not != t.not
	if t.test != nil {
		w.test(t.test, not)
		return
	}
	joiner := " AND "
	if t.any != not {
		joiner = " OR "
	}
	w.text.WriteByte('(')
	rest := t.of
	if joiner == " AND " {
		rest = w.attributes(t.of, not)
	}
	for i, inner := range rest {
		if i > 0 || len(rest) < len(t.of) {
			w.text.WriteString(joiner)
		}
		w.term(inner, not)
	}
	w.text.WriteByte(')')
}

// attributes writes those of some terms, all of which must hold, that are tests of attributes, as one
// condition: tests of one attribute are one range of the index. It returns the other terms.
func (w *writer) attributes(terms []term, not bool) (rest []term) {
	byName := map[string][]*test{}
	var names []string
	for _, t := range terms {
		if t.test == nil || t.test.attribute == "" || t.test.op == opNull || t.not != not {
			rest = append(rest, t)
			continue
		}
		name := t.test.attribute
		if byName[name] == nil {
			names = append(names, name)
		}
		byName[name] = append(byName[name], t.test)
	}
	for i, name := range names {
		w.text.WriteString([]string{hasAttribute, both}[min(i, 1)])
		w.runsOf(name, byName[name])
	}
	if len(names) > 0 {
		w.text.WriteByte(')')
	}
	return rest
}

// test writes one test, or its opposite.
func (w *writer) test(t *test, not bool) {
	if t.attribute == "" {
		w.fieldTest(t, not)
		return
	}
	has, tests := !not, []*test{t}
	if t.op == opNull {
		has, tests = not, nil
	}
	if has {
		w.text.WriteString(hasAttribute)
	} else {
		w.text.WriteString(lacksAttribute)
	}
	w.runsOf(t.attribute, tests)
	w.text.WriteByte(')')
}

// runsOf writes the query for the runs whose attribute passes all the tests.
func (w *writer) runsOf(name string, tests []*test) {
	w.text.WriteString(ofAttribute + w.param(name))
	var kinds []string // after the comparisons: of two bounds, the planner takes the first
	for _, t := range tests {
		comparison, kind := w.attributeTest(t)
		w.text.WriteString(" AND " + comparison)
		if kind != "" && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	for _, kind := range kinds {
		w.text.WriteString(" AND " + kind)
	}
}

// In the order of SQLite all numbers come before the empty text, and all texts from there on.
const (
	value    = "value"
	isNumber = "value < ''"
	isText   = "value >= ''"
)

// attributeTest is a test of an attribute's value, and what else must hold of it: a comparison with a number
// leaves out texts, and the other way round.
func (w *writer) attributeTest(t *test) (comparison, kind string) {
	text, ofText := firstText(t.values)
	switch t.op {
	case opLess, opMost:
		if ofText {
			kind = isText
		}
	case opGreater, opLeast:
		if !ofText {
			kind = isNumber
		}
	case opLike, opContains, opEnds:
		kind = isText
	case opStarts: // all texts from there on, so that the index is of use
		return "value >= " + w.param(text) + " AND " + w.compare(value, t), ""
	default:
	}
	return w.compare(value, t), kind
}

func firstText(values []any) (string, bool) {
	if len(values) == 0 {
		return "", false
	}
	s, ok := values[0].(string)
	return s, ok
}

// fieldTest writes a test of a field, or its opposite, which also holds for a run that lacks the field.
func (w *writer) fieldTest(t *test, not bool) {
	column := w.column(t.field)
	if t.op == opNull {
		w.text.WriteString(column + map[bool]string{false: " IS NULL", true: " IS NOT NULL"}[not])
		return
	}
	sql := ""
	if t.other != nil {
		sql = column + " " + string(t.op) + " " + w.column(*t.other)
	} else {
		sql = w.compare(column, t)
	}
	if not {
		sql = "(" + sql + ")" + isUntrue
	}
	w.text.WriteString(sql)
}

// compare is the comparison of what SQL reads with the values of a test.
func (w *writer) compare(column string, t *test) string {
	text, _ := firstText(t.values)
	length := utf8.RuneCountInString(text)
	switch t.op {
	case opIn:
		params := make([]string, len(t.values))
		for i, v := range t.values {
			params[i] = w.param(v)
		}
		if len(params) == 0 {
			return nothing
		}
		if len(params) == 1 {
			return column + " = " + params[0]
		}
		return column + " IN (" + strings.Join(params, ", ") + ")"
	case opLike:
		return column + " LIKE " + w.param(text)
	case opContains:
		return "instr(" + column + ", " + w.param(text) + ") > 0"
	case opStarts:
		return "substr(" + column + ", 1, " + w.param(int64(length)) + ") = " + w.param(text)
	case opEnds:
		if length == 0 {
			return column + " IS NOT NULL"
		}
		return "substr(" + column + ", " + w.param(int64(-length)) + ") = " + w.param(text)
	default:
		return column + " " + string(t.op) + " " + w.param(t.values[0])
	}
}
