package cli

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/durable-wf/wf/engine"
)

// leaf is a scalar, or an empty object or list, somewhere in a JSON document.
type leaf struct {
	Path  string // such as "grid.nx" or "points[3].x"; "" for a document that is one scalar
	Value string // as JSON
}

// leaves returns the leaves of a document in its order.
func leaves(doc []byte) ([]leaf, error) {
	fields, err := engine.CompareJSON(nil, doc)
	found := make([]leaf, len(fields))
	for i, f := range fields {
		found[i] = leaf{f.Path, string(f.B)}
	}
	return found, err
}

// longList is the number of values of a list from which people get a summary of it.
const longList = 8

// listOf names the outermost list that the leaf is in, or nothing.
func (l leaf) listOf() string {
	for i, r := range l.Path {
		if r == '[' && i+1 < len(l.Path) && l.Path[i+1] != '"' {
			return l.Path[:i] + "[]"
		}
	}
	return ""
}

// summarize replaces the leaves of each long list by a single one that a person can read.
func summarize(all []leaf) []leaf {
	var short []leaf
	for len(all) > 0 {
		list, n := all[0].listOf(), 1
		for list != "" && n < len(all) && all[n].listOf() == list {
			n++
		}
		if n <= longList {
			short = append(short, all[:n]...)
		} else {
			text := fmt.Sprintf("%s, %s, %s, … %s (%d values)", all[0].Value, all[1].Value, all[2].Value, all[n-1].Value, n)
			short = append(short, leaf{list, text})
		}
		all = all[n:]
	}
	return short
}

// change is a leaf that differs between two documents. Old or New is "" where it is missing.
type change struct {
	Path     string
	Old, New string
	Delta    string // new minus old, of two numbers; of a list that is summed up, the largest and the norm
}

// changes compares two documents: the leaves of the new one in its order, then what is gone.
func changes(old, fresh []byte) ([]change, error) {
	fields, err := engine.CompareJSON(old, fresh)
	found := make([]change, len(fields))
	for i, f := range fields {
		found[i] = change{f.Path, string(f.A), string(f.B), delta(f.By)}
	}
	return found, err
}

// delta shows a difference of two numbers: integers as they are, others to six places; "" if there is none.
func delta(by json.RawMessage) string {
	if len(by) == 0 {
		return ""
	}
	if _, whole := new(big.Int).SetString(string(by), 10); whole {
		return signed(string(by))
	}
	x, err := strconv.ParseFloat(string(by), 64)
	if err != nil { // the engine writes numbers
		return string(by)
	}
	return signed(strconv.FormatFloat(x, 'g', 6, 64))
}

// by is the difference of two numbers, as Delta tells it.
func (c change) by() (float64, bool) {
	x, err := strconv.ParseFloat(c.Delta, 64)
	return x, err == nil
}

func signed(number string) string {
	if strings.HasPrefix(number, "-") {
		return number
	}
	return "+" + number
}

// summarizeChanges replaces many changes in one list by one line about them.
func summarizeChanges(all []change) []change {
	var short []change
	for len(all) > 0 {
		list, n := leaf{Path: all[0].Path}.listOf(), 1
		for list != "" && n < len(all) && (leaf{Path: all[n].Path}).listOf() == list {
			n++
		}
		if n <= longList {
			short = append(short, all[:n]...)
		} else {
			short = append(short, change{Path: list, Old: fmt.Sprintf("%d values", n), New: "changed", Delta: extent(all[:n])})
		}
		all = all[n:]
	}
	return short
}

// extent is the largest of some differences, and the root of the sum of their squares.
func extent(all []change) string {
	largest, norm := 0.0, 0.0
	for _, c := range all {
		d, _ := c.by() // 0 if it is no number
		norm = math.Hypot(norm, d)
		if math.Abs(d) > math.Abs(largest) {
			largest = d
		}
	}
	return extentText(largest, norm)
}

func extentText(largest, norm float64) string {
	if largest == 0 {
		return ""
	}
	return fmt.Sprintf("up to %s, norm %s", signed(strconv.FormatFloat(largest, 'g', 6, 64)), strconv.FormatFloat(norm, 'g', 6, 64))
}
