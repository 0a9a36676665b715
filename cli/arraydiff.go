package cli

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/durable-wf/wf/export"
)

// changesInShort is changes, with one line about all that changed in a long list. Lists of numbers are compared
// as such: a line of text for each of a million values would take seconds, and a person wants none of them.
func changesInShort(old, fresh []byte) ([]change, error) {
	was, is := newCutter(), newCutter()
	shortOld, err := was.cut(old)
	if err != nil {
		return nil, err
	}
	shortFresh, err := is.cut(fresh)
	if err != nil {
		return nil, err
	}
	found, err := changes(shortOld, shortFresh)
	if err != nil {
		return nil, err
	}
	for i := range found {
		c := &found[i]
		a, b := was.arrays[c.Old], is.arrays[c.New]
		switch {
		case a != nil && b != nil && a.Len() == b.Len():
			*c = compareArrays(c.Path, a, b)
		case a != nil || b != nil:
			c.Path, c.Old, c.New = c.Path+"[]", arrayText(a, c.Old), arrayText(b, c.New)
		}
	}
	return summarizeChanges(found), nil
}

// cutter replaces the long lists of numbers in a document by words that stand for their content.
type cutter struct {
	arrays map[string]*export.Array // by the word, as JSON
}

func newCutter() *cutter { return &cutter{arrays: map[string]*export.Array{}} }

// cut returns the document without such lists in objects; a list in a list stays.
func (c *cutter) cut(doc []byte) (json.RawMessage, error) {
	text := strings.TrimSpace(string(doc))
	switch {
	case strings.HasPrefix(text, "["):
		return c.word(json.RawMessage(text))
	case !strings.HasPrefix(text, "{"):
		return json.RawMessage(text), nil
	}
	members, err := export.Members(json.RawMessage(text))
	if err != nil {
		return nil, err
	}
	out := []byte{'{'}
	for i, m := range members {
		if i > 0 {
			out = append(out, ',')
		}
		value, err := c.cut(m.Value)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, quoted(m.Name)...), ':'), value...)
	}
	return append(out, '}'), nil
}

// word stands for a long list of numbers; anything else stands for itself.
func (c *cutter) word(list json.RawMessage) (json.RawMessage, error) {
	var doc export.Document
	if err := doc.Unfold("list", list); err != nil {
		return nil, err
	}
	if len(doc.Arrays) != 1 || doc.Arrays[0].Len() <= longList || numbersOf(doc.Arrays[0]) == nil {
		return list, nil
	}
	word := quoted(fmt.Sprintf("%x", sha256.Sum256(list)))
	c.arrays[string(word)] = doc.Arrays[0]
	return word, nil
}

// numbersOf returns what gives the i-th number of an array; nil if it holds none.
func numbersOf(a *export.Array) func(i int) float64 {
	switch data := a.Data.(type) {
	case []float64:
		return func(i int) float64 { return data[i] }
	case []int64:
		return func(i int) float64 { return float64(data[i]) }
	}
	return nil
}

// compareArrays says what changed between two arrays of one length.
func compareArrays(path string, a, b *export.Array) change {
	was, is := numbersOf(a), numbersOf(b)
	n, largest, norm := 0, 0.0, 0.0
	for i := range a.Len() {
		d := is(i) - was(i)
		if d == 0 || math.IsNaN(was(i)) && math.IsNaN(is(i)) {
			continue
		}
		n++
		if math.IsNaN(d) {
			continue // to or from what is no number
		}
		norm = math.Hypot(norm, d)
		if math.Abs(d) > math.Abs(largest) {
			largest = d
		}
	}
	return change{Path: path + "[]", Old: fmt.Sprintf("%d of %d values", n, a.Len()), New: "changed", Delta: extentText(largest, norm)}
}

// arrayText is what stands for one of two lists that are not of one length.
func arrayText(a *export.Array, other string) string {
	if a == nil {
		return other
	}
	return strconv.Itoa(a.Len()) + " values"
}
