package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// FieldChange is a field in which two JSON documents differ.
type FieldChange struct {
	Path string          `json:"field"`           // such as grid.nx or points[3].x; "" for a document that is one value
	A    json.RawMessage `json:"a,omitempty"`     // nil where it is missing
	B    json.RawMessage `json:"b,omitempty"`     // nil where it is missing
	By   json.RawMessage `json:"delta,omitempty"` // b minus a, of two numbers; exact between integers
}

// CompareJSON returns the fields in which two documents differ: those of b in its order, then what is only in
// a. Scalars are compared, and empty objects and lists. An empty document has no fields.
func CompareJSON(a, b json.RawMessage) ([]FieldChange, error) {
	before, err := fieldsOf(a)
	if err != nil {
		return nil, err
	}
	after, err := fieldsOf(b)
	if err != nil {
		return nil, err
	}
	was := make(map[string]json.RawMessage, len(before))
	for _, f := range before {
		was[f.Path] = f.B
	}
	var found []FieldChange
	for _, f := range after {
		if old, ok := was[f.Path]; !ok || !bytes.Equal(old, f.B) {
			found = append(found, FieldChange{f.Path, was[f.Path], f.B, difference(was[f.Path], f.B)})
		}
		delete(was, f.Path)
	}
	for _, f := range before {
		if _, gone := was[f.Path]; gone {
			found = append(found, FieldChange{Path: f.Path, A: f.B})
		}
	}
	return found, nil
}

// fieldsOf lists the fields of a document in its order, each with its value as B.
func fieldsOf(doc json.RawMessage) (list []FieldChange, err error) {
	if len(bytes.TrimSpace(doc)) == 0 {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	err = walkFields(dec, "", func(f FieldChange) { list = append(list, f) })
	return list, err
}

func walkFields(dec *json.Decoder, path string, emit func(FieldChange)) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	open, nested := token.(json.Delim)
	if !nested {
		value, err := json.Marshal(token)
		emit(FieldChange{Path: path, B: value})
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
		if err := walkFields(dec, inner, emit); err != nil {
			return err
		}
	}
	end, err := dec.Token()
	if n == 0 && err == nil {
		emit(FieldChange{Path: path, B: json.RawMessage(open.String() + fmt.Sprint(end))})
	}
	return err
}

func joinPath(path, name string) string {
	switch {
	case name == "" || strings.ContainsAny(name, ".[]\""):
		return path + "[" + strconv.Quote(name) + "]"
	case path == "":
		return name
	}
	return path + "." + name
}

// difference is b minus a, of two numbers; nil for anything else.
func difference(a, b json.RawMessage) json.RawMessage {
	m, okM := new(big.Int).SetString(string(a), 10)
	n, okN := new(big.Int).SetString(string(b), 10)
	if okM && okN {
		return json.RawMessage(n.Sub(n, m).String())
	}
	x, errX := strconv.ParseFloat(string(a), 64)
	y, errY := strconv.ParseFloat(string(b), 64)
	if errX != nil || errY != nil {
		return nil
	}
	text, err := json.Marshal(y - x)
	if err != nil { // beyond all numbers
		return nil
	}
	return text
}
