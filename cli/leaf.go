package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// leaf is a scalar, or an empty object or list, somewhere in a JSON document.
type leaf struct {
	Path  string // such as "grid.nx" or "points[3].x"; "" for a document that is one scalar
	Value string // as JSON
}

// leaves returns the leaves of a document in its order.
func leaves(doc []byte) ([]leaf, error) {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	var found []leaf
	err := walkLeaves(dec, "", func(l leaf) { found = append(found, l) })
	return found, err
}

func walkLeaves(dec *json.Decoder, path string, emit func(leaf)) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	open, ok := token.(json.Delim)
	if !ok {
		value, err := json.Marshal(token)
		emit(leaf{path, string(value)})
		return err
	}
	n := 0
	for ; dec.More(); n++ {
		inner := fmt.Sprintf("%s[%d]", path, n)
		if open == '{' {
			name, err := dec.Token()
			if err != nil {
				return err
			}
			inner = joinPath(path, fmt.Sprint(name))
		}
		if err := walkLeaves(dec, inner, emit); err != nil {
			return err
		}
	}
	end, err := dec.Token()
	if n == 0 && err == nil {
		emit(leaf{path, open.String() + fmt.Sprint(end)})
	}
	return err
}

func joinPath(path, name string) string {
	if name == "" || strings.ContainsAny(name, ".[]\"") {
		return path + "[" + strconv.Quote(name) + "]"
	}
	if path == "" {
		return name
	}
	return path + "." + name
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
	Delta    string // new minus old, of two numbers
}

// changes compares the leaves of two documents: those of the new one in its order, then what is gone.
func changes(old, fresh []leaf) []change {
	before := make(map[string]string, len(old))
	for _, l := range old {
		before[l.Path] = l.Value
	}
	var found []change
	for _, l := range fresh {
		was, existed := before[l.Path]
		delete(before, l.Path)
		if !existed || was != l.Value {
			found = append(found, change{l.Path, was, l.Value, delta(was, l.Value)})
		}
	}
	for _, l := range old {
		if _, gone := before[l.Path]; gone {
			found = append(found, change{Path: l.Path, Old: l.Value})
		}
	}
	return found
}

// delta is the difference of two numbers in JSON, exact between integers, or "".
func delta(old, fresh string) string {
	a, okA := new(big.Int).SetString(old, 10)
	b, okB := new(big.Int).SetString(fresh, 10)
	if okA && okB {
		return signed(b.Sub(b, a).String())
	}
	x, errX := strconv.ParseFloat(old, 64)
	y, errY := strconv.ParseFloat(fresh, 64)
	if errX != nil || errY != nil {
		return ""
	}
	return signed(strconv.FormatFloat(y-x, 'g', 6, 64))
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
		list, n, largest := leaf{Path: all[0].Path}.listOf(), 1, 0.0
		for list != "" && n < len(all) && (leaf{Path: all[n].Path}).listOf() == list {
			n++
		}
		if n <= longList {
			short = append(short, all[:n]...)
			all = all[n:]
			continue
		}
		for _, c := range all[:n] {
			if d, err := strconv.ParseFloat(c.Delta, 64); err == nil && math.Abs(d) > math.Abs(largest) {
				largest = d
			}
		}
		sum := change{Path: list, Old: fmt.Sprintf("%d values", n), New: "changed"}
		if largest != 0 {
			sum.Delta = "up to " + signed(strconv.FormatFloat(largest, 'g', 6, 64))
		}
		short, all = append(short, sum), all[n:]
	}
	return short
}
