package pickle

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/durable-wf/wf/export"
)

// read makes a document of a pickle.
func read(_ context.Context, f *os.File) (*export.Document, error) {
	v, err := load(f)
	if err != nil {
		return nil, err
	}
	doc := &export.Document{}
	r := reader{budget: maxValues, arrays: map[*dict]bool{}}
	if top, isDict := v.(*dict); isDict {
		err = r.members(doc, top, 0)
	} else {
		err = r.add(doc, "value", v, 0)
		for _, t := range doc.Tables { // of a list of dicts
			t.Name = export.Whole
		}
	}
	if err != nil {
		return nil, err
	}
	return doc, doc.Check()
}

// reader makes groups of values.
type reader struct {
	budget int            // values that may still come
	arrays map[*dict]bool // whether there is an array in a dict, as far as that is known
}

func (r *reader) members(g *export.Group, d *dict, depth int) error {
	for i, key := range d.keys {
		name, err := keyText(key)
		if err != nil {
			return err
		}
		if err := r.add(g, name, d.values[i], depth); err != nil {
			return fmt.Errorf("%.100s: %w", name, err)
		}
	}
	return nil
}

// add adds a value to g: arrays of NumPy as they are, dicts of them as groups, everything else by way of its JSON.
func (r *reader) add(g *export.Group, name string, v any, depth int) error {
	if depth > maxDepth {
		return errDepth
	}
	if r.budget--; r.budget < 0 {
		return errBudget
	}
	switch v := v.(type) {
	case *ndarray:
		return v.addTo(g, groupName(name))
	case *dict:
		if r.holdsArray(v) {
			sub := &export.Group{Name: groupName(name)}
			g.Groups = append(g.Groups, sub)
			return r.members(sub, v, depth+1)
		}
	}
	w := writer{budget: r.budget}
	err := w.value(v, depth)
	r.budget = w.budget
	if err != nil {
		return err
	}
	return g.Unfold(name, w.buf)
}

// holdsArray reports whether there is an array in d, or in the dicts in it.
func (r *reader) holdsArray(d *dict) bool {
	if known, ok := r.arrays[d]; ok {
		return known
	}
	r.arrays[d] = false // for those that lie in themselves
	for _, v := range d.values {
		sub, isDict := v.(*dict)
		_, isArray := v.(*ndarray)
		if isArray || isDict && r.holdsArray(sub) {
			r.arrays[d] = true
			return true
		}
	}
	return false
}

// groupName is name as a group of a document may have it.
func groupName(name string) string {
	if name == "" {
		return "_"
	}
	return strings.ReplaceAll(name, "/", ":")
}
