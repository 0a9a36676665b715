package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// Unfold adds a JSON document to g under a name: an object as a group, a list of numbers, of truth values or
// of texts as an array (lists of equal length inside make it N-dimensional), a list of objects as a table, a
// number, truth value or text as an array of a single value, and everything else as its JSON text. A null
// adds nothing.
//
// A list of whole numbers holds int64, with a fraction or an exponent among them float64. The strings "NaN",
// "Infinity" and "-Infinity" are the floats that the engine writes so. A slash in a name becomes a colon.
func (g *Group) Unfold(name string, doc json.RawMessage) error {
	value := jsontext.Value(bytes.Clone(doc))
	if err := value.Compact(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return g.unfold(name, value)
}

func (g *Group) unfold(name string, raw []byte) error {
	name = g.Free(name)
	switch raw[0] {
	case '{':
		members, err := Members(raw)
		if err != nil {
			return err
		}
		sub := &Group{Name: name}
		for _, m := range members {
			if err := sub.unfold(m.Name, m.Value); err != nil {
				return err
			}
		}
		g.Groups = append(g.Groups, sub)
		return nil
	case '[':
		return g.unfoldList(name, raw)
	}
	switch c, v := classify(raw); c {
	case null:
	case other:
		g.Arrays = append(g.Arrays, Scalar(name, string(raw)))
	default:
		g.Arrays = append(g.Arrays, Scalar(name, v))
	}
	return nil
}

func (g *Group) unfoldList(name string, raw []byte) error {
	if a := arrayOf(raw); a != nil {
		a.Name = name
		g.Arrays = append(g.Arrays, a)
		return nil
	}
	if bytes.HasPrefix(raw, []byte("[{")) {
		t, err := TableOf(name, raw)
		if err == nil {
			g.Tables = append(g.Tables, t)
			return nil
		}
		if !errors.Is(err, errNoObjects) {
			return err
		}
	}
	g.Arrays = append(g.Arrays, Scalar(name, string(raw)))
	return nil
}

// Free makes a name for a further table, array or group of g from any text: a slash becomes a colon, and a name that is
// taken gets low lines behind it.
func (g *Group) Free(name string) string {
	name = string(bytes.ReplaceAll([]byte(name), []byte("/"), []byte(":")))
	if name == "" {
		name = "_"
	}
	for g.has(name) {
		name += "_"
	}
	return name
}

func (g *Group) has(name string) bool {
	for _, t := range g.Tables {
		if t.Name == name {
			return true
		}
	}
	for _, a := range g.Arrays {
		if a.Name == name {
			return true
		}
	}
	for _, sub := range g.Groups {
		if sub.Name == name {
			return true
		}
	}
	return false
}

// Member is a member of a JSON object.
type Member struct {
	Name  string
	Value json.RawMessage
}

// Members returns the members of a JSON object in its order. Two of one name are an error.
func Members(doc json.RawMessage) ([]Member, error) {
	dec := jsontext.NewDecoder(bytes.NewReader(doc))
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != '{' {
		return nil, errors.Join(errNoObjects, err)
	}
	var members []Member
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		text := name.String()
		value, err := dec.ReadValue()
		if err != nil {
			return nil, err
		}
		members = append(members, Member{text, json.RawMessage(bytes.Clone(value))})
	}
	return members, nil
}

var errNoObjects = errors.New("is no JSON object")

// TableOf makes a table of a JSON list of objects: a column for each name, in the order in which they come
// first, of the narrowest kind that holds its values. A value of an object in an object has both names, with a low line
// between them. What a row lacks is nil.
func TableOf(name string, list json.RawMessage) (*Table, error) {
	dec := jsontext.NewDecoder(bytes.NewReader(list))
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != '[' {
		return nil, errors.Join(errors.New("is no JSON list"), err)
	}
	var records [][]Member
	for dec.PeekKind() != ']' {
		value, err := dec.ReadValue()
		if err != nil {
			return nil, err
		}
		if err := (&value).Compact(); err != nil {
			return nil, err
		}
		members, err := Members(json.RawMessage(value))
		if err != nil {
			return nil, err
		}
		records = append(records, members)
	}
	if _, err := dec.ReadToken(); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := spread(records); err != nil {
		return nil, err
	}
	return TableOfMembers(name, records), nil
}

// TableOfMembers is TableOf for objects that were taken apart before. Their values are on one line each.
func TableOfMembers(name string, records [][]Member) *Table {
	t := &Table{Name: name}
	index := map[string]int{}
	var kinds []inference
	for _, members := range records {
		for _, m := range members {
			i, known := index[m.Name]
			if !known {
				i = len(kinds)
				index[m.Name] = i
				kinds = append(kinds, inference{})
				t.Columns = append(t.Columns, Column{Name: m.Name})
			}
			kinds[i].add(m.Value)
		}
	}
	for i := range kinds {
		t.Columns[i].Kind = kinds[i].kind()
	}
	t.Rows = func(yield func(Row, error) bool) {
		for _, members := range records {
			row := make(Row, len(t.Columns))
			for _, m := range members {
				i := index[m.Name]
				row[i] = t.Columns[i].Kind.value(m.Value)
			}
			if !yield(row, nil) {
				return
			}
		}
	}
	return t
}
