// Package export is the model of what leaves a database: a [Document] of tables, arrays, attributes and
// groups, and the [Format]s that write it and read it again.
//
// A document knows nothing of the file that it becomes, and a format nothing of runs. So a format is added
// in a package of its own, which is then the only one to carry its library; CSV, JSON and JSON lines, which
// need none, are here. [Runs] makes the document of some runs.
package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
)

// Document is what one file holds: a group without a name, whose first table is the main one.
type Document = Group

// Group is a named part of a document, as a folder is of a disk. Names are unique among the tables, arrays
// and groups of a group, are not empty, and contain no slash; they may be any UTF-8 otherwise.
type Group struct {
	Name       string
	Attributes []Attribute
	Tables     []*Table
	Arrays     []*Array
	Groups     []*Group
}

// Attribute is a fact about a group: a string, int64, float64, bool or time.Time.
type Attribute struct {
	Name  string
	Value any
}

// Kind is the type of the values in a column.
type Kind int

// The kinds of columns, with the Go type of their values. Each value may also be nil: there is none.
const (
	Text  Kind = iota // string
	Int               // int64
	Float             // float64, NaN and the infinities included
	Bool              // bool
	Time              // time.Time, of which microseconds in UTC count
	JSON              // json.RawMessage: any valid document but null, on one line
)

// String is the name of the kind for people.
func (k Kind) String() string {
	return [...]string{"text", "int", "float", "bool", "time", "json"}[k]
}

// Column is a column of a table. Its name is unique in the table; that of a duration ends in _us.
type Column struct {
	Name string
	Kind Kind
}

// Row is the values of a table's row, one for each column.
type Row []any

// Table is rows of typed columns.
type Table struct {
	Name    string
	Columns []Column
	// Rows yields the rows; an error is the last thing that it yields. It may be ranged over several times
	// and yields the same rows each time, so that a format may look at them before it writes. A row is only
	// valid until the next one. 10⁶ rows need not be in memory.
	Rows iter.Seq2[Row, error]
}

// RowsOf yields rows that are in memory.
func RowsOf(rows []Row) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// Array is an N-dimensional array, in row-major order (the last index runs fastest).
type Array struct {
	Name string
	Dims []int // empty for a single value; a dimension may be 0
	// Data is a []float64, []float32, []int64, []bool, []string or []byte (unsigned numbers of 8 bits), with
	// as many values as the product of Dims.
	Data any
}

// Scalar makes an array of a single value: a float64, int64, bool or string.
func Scalar(name string, value any) *Array {
	a := &Array{Name: name}
	switch v := value.(type) {
	case float64:
		a.Data = []float64{v}
	case int64:
		a.Data = []int64{v}
	case bool:
		a.Data = []bool{v}
	case string:
		a.Data = []string{v}
	}
	return a
}

// Len is the number of values.
func (a *Array) Len() int {
	switch d := a.Data.(type) {
	case []float64:
		return len(d)
	case []float32:
		return len(d)
	case []int64:
		return len(d)
	case []bool:
		return len(d)
	case []string:
		return len(d)
	case []byte:
		return len(d)
	}
	return 0
}

// At returns the i-th value in row-major order as a column's value: float32 becomes float64, a byte int64.
func (a *Array) At(i int) any {
	switch d := a.Data.(type) {
	case []float64:
		return d[i]
	case []float32:
		return float64(d[i])
	case []int64:
		return d[i]
	case []bool:
		return d[i]
	case []string:
		return d[i]
	case []byte:
		return int64(d[i])
	}
	return nil
}

// Kind is the kind of a column that holds the array's values.
func (a *Array) Kind() Kind {
	switch a.Data.(type) {
	case []float64, []float32:
		return Float
	case []int64, []byte:
		return Int
	case []bool:
		return Bool
	}
	return Text
}

// Check reports what is wrong with a document that a program has made: names that are missing or used twice,
// values of a kind that is none, arrays that do not fit their dimensions. It does not look at rows.
func (g *Group) Check() error { return g.check("") }

func (g *Group) check(path string) error {
	var faults []error
	seen := map[string]bool{}
	name := func(what, name string) {
		switch {
		case name == "" || strings.Contains(name, "/"):
			faults = append(faults, fmt.Errorf("%s %q in %q: a name must not be empty or contain a slash", what, name, path))
		case seen[name]:
			faults = append(faults, fmt.Errorf("%s %q in %q: the name is used twice", what, name, path))
		}
		seen[name] = true
	}
	for _, a := range g.Attributes {
		switch a.Value.(type) {
		case string, int64, float64, bool, time.Time:
		default:
			faults = append(faults, fmt.Errorf("attribute %q in %q: %T is no attribute", a.Name, path, a.Value))
		}
	}
	for _, t := range g.Tables {
		name("table", t.Name)
		faults = append(faults, t.check())
	}
	for _, a := range g.Arrays {
		name("array", a.Name)
		faults = append(faults, a.check())
	}
	for _, sub := range g.Groups {
		name("group", sub.Name)
		faults = append(faults, sub.check(path+"/"+sub.Name))
	}
	return errors.Join(faults...)
}

func (t *Table) check() error {
	seen := map[string]bool{}
	for _, c := range t.Columns {
		if c.Name == "" || seen[c.Name] {
			return fmt.Errorf("table %q: %s", t.Name, nameless(c.Name))
		}
		seen[c.Name] = true
	}
	return nil
}

// nameless says what is wrong with the name of a column.
func nameless(name string) string {
	if name == "" {
		return "a column has no name (pandas writes its index as one, unless index=False)"
	}
	return fmt.Sprintf("column %q has no name of its own", name)
}

func (a *Array) check() error {
	n := 1
	for _, d := range a.Dims {
		n *= d
	}
	switch a.Data.(type) {
	case []float64, []float32, []int64, []bool, []string, []byte:
	default:
		return fmt.Errorf("array %q: %T is no data of an array", a.Name, a.Data)
	}
	if n != a.Len() {
		return fmt.Errorf("array %q: %d values do not fit dimensions %v", a.Name, a.Len(), a.Dims)
	}
	return nil
}

// CheckRow reports a row that does not fit the columns of t. Formats call it for each row that they write.
func (t *Table) CheckRow(row Row) error {
	if len(row) != len(t.Columns) {
		return fmt.Errorf("table %q: a row has %d values for %d columns", t.Name, len(row), len(t.Columns))
	}
	for i, v := range row {
		if v != nil && !t.Columns[i].Kind.takes(v) {
			return fmt.Errorf("table %q: column %q is %v and does not take a %T", t.Name, t.Columns[i].Name, t.Columns[i].Kind, v)
		}
	}
	return nil
}

func (k Kind) takes(v any) bool {
	switch v.(type) {
	case string:
		return k == Text
	case int64:
		return k == Int
	case float64:
		return k == Float
	case bool:
		return k == Bool
	case time.Time:
		return k == Time
	case json.RawMessage:
		return k == JSON
	}
	return false
}
