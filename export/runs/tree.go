package runs

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/export"
)

// treeOf decodes a payload, see [engine.Payload]; nil for none.
func treeOf(p engine.Payload) (any, error) {
	if len(p.Data) == 0 {
		return nil, nil // there is none
	}
	return p.Tree()
}

// unfold adds a tree to a group as [export.Group.Unfold] adds JSON. Typed arrays do not become text on the way, and
// floats stay floats, also those that are whole.
func unfold(to *export.Group, name string, tree any) error {
	if tree == nil {
		return nil
	}
	if data := numbers(tree); data != nil {
		to.Arrays = append(to.Arrays, &export.Array{Name: to.Free(name), Dims: []int{lengthOf(data)}, Data: data})
		return nil
	}
	object, isObject := tree.(map[string]any)
	if !isObject {
		doc, err := render(tree)
		if err != nil {
			return err
		}
		return to.Unfold(name, doc)
	}
	sub := &export.Group{Name: to.Free(name)}
	for _, member := range slices.Sorted(maps.Keys(object)) {
		if err := unfold(sub, member, object[member]); err != nil {
			return err
		}
	}
	to.Groups = append(to.Groups, sub)
	return nil
}

// numbers is the data of a typed array, nil for anything else.
func numbers(tree any) any {
	switch v := tree.(type) {
	case []float64, []float32, []int64:
		return v
	}
	return nil
}

func lengthOf(data any) int { return (&export.Array{Data: data}).Len() }

// lists says what becomes of lists when a tree is flattened.
type lists int

const (
	keepLists lists = iota // they are values, as JSON
	dropLists
)

// flatten appends the values of a tree; one inside an object has both names, with a low line between them.
func flatten(to []export.Member, name string, tree any, keep lists) ([]export.Member, error) {
	switch v := tree.(type) {
	case nil:
		return to, nil
	case map[string]any:
		var err error
		for _, member := range slices.Sorted(maps.Keys(v)) {
			if to, err = flatten(to, name+"_"+member, v[member], keep); err != nil {
				return nil, err
			}
		}
		return to, nil
	case jsontext.Value:
		return flattenJSON(to, name, v, keep)
	case []any, []float64, []float32, []int64:
		if keep == dropLists {
			return to, nil
		}
	}
	doc, err := render(tree)
	return append(to, export.Member{Name: name, Value: doc}), err
}

func flattenJSON(to []export.Member, name string, doc jsontext.Value, keep lists) ([]export.Member, error) {
	switch {
	case len(doc) == 0:
		return to, nil
	case doc[0] != '{' || string(doc) == "{}":
		if doc[0] != '[' || keep == keepLists {
			to = append(to, export.Member{Name: name, Value: json.RawMessage(doc)})
		}
		return to, nil
	}
	members, err := export.Members(json.RawMessage(doc))
	for _, m := range members {
		if err == nil {
			to, err = flattenJSON(to, name+"_"+m.Name, jsontext.Value(m.Value), keep)
		}
	}
	return to, err
}

// render makes JSON of a tree, in which floats are told from integers.
func render(tree any) (json.RawMessage, error) {
	switch v := tree.(type) {
	case jsontext.Value:
		return json.RawMessage(v), nil
	case float64:
		return renderFloat(v), nil
	case []any:
		return renderList(v)
	case []float64:
		return renderList(v)
	case []float32:
		return renderList(v)
	case map[string]any:
		doc := []byte{'{'}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			value, err := render(v[name])
			if err != nil {
				return nil, err
			}
			if len(doc) > 1 {
				doc = append(doc, ',')
			}
			if doc, err = jsontext.AppendQuote(doc, name); err != nil {
				return nil, fmt.Errorf("name %q: %w", name, err)
			}
			doc = append(append(doc, ':'), value...)
		}
		return append(doc, '}'), nil
	}
	return json.Marshal(tree)
}

func renderList[T any](list []T) (json.RawMessage, error) {
	doc := []byte{'['}
	for i := range list {
		item := any(list[i])
		if f, narrow := item.(float32); narrow {
			item = float64(f)
		}
		value, err := render(item)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			doc = append(doc, ',')
		}
		doc = append(doc, value...)
	}
	return append(doc, ']'), nil
}

// renderFloat writes a float such that it is read as one.
func renderFloat(f float64) json.RawMessage {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return json.RawMessage(strconv.Quote(export.Plain(f)))
	}
	doc := strconv.AppendFloat(nil, f, 'e', -1, 64)
	return json.RawMessage(doc)
}
