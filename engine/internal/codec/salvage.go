package codec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Lost is a part of a value that Salvage had to leave out.
type Lost struct {
	Path    string          `json:"field"` // as in Error
	Problem string          `json:"problem"`
	Value   json.RawMessage `json:"value"` // what was there
}

// Salvage is Decode for a value that does not decode: it leaves out, one after the other, the members of
// objects that the type cannot take, and tells which. What they stood for is zero then, as for a field that is
// new. It is an error if the value as a whole does not fit.
func Salvage(p Payload, v any) ([]Lost, error) {
	doc, err := p.JSON()
	if err != nil {
		return nil, err
	}
	tree, err := parseTree(doc)
	if err != nil {
		return nil, &Error{Problem: fmt.Sprintf("cannot decode: %v", err), Err: err}
	}
	var lost []Lost
	for {
		if doc, err = json.Marshal(tree); err != nil {
			return nil, &Error{Problem: fmt.Sprintf("cannot decode: %v", err), Err: err}
		}
		err = Decode(Payload{Codec: string(JSON), Data: doc}, v)
		if err == nil {
			return lost, nil
		}
		was, cut := prune(tree, pointerOf(err))
		if !cut {
			return nil, err
		}
		was.Problem = problemOf(err)
		lost = append(lost, was)
	}
}

// Unknown returns the name of the stored field that the type does not have, and those that it has there; ""
// if that is not the problem.
func (e *Error) Unknown() (name string, known []string) {
	semantic, ok := errors.AsType[*jsonv2.SemanticError](e.Err)
	if !ok || !errors.Is(semantic.Err, jsonv2.ErrUnknownName) {
		return "", nil
	}
	for t := semantic.GoType; t != nil && t.Kind() == reflect.Struct; t = nil {
		for _, f := range Fields(t) {
			known = append(known, f.Name)
		}
	}
	return semantic.JSONPointer.LastToken(), known
}

func parseTree(doc []byte) (tree any, err error) {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber() // nothing passes through float64
	err = dec.Decode(&tree)
	return tree, err
}

// pointerOf is where in the document an error of Decode lies.
func pointerOf(err error) jsontext.Pointer {
	if semantic, ok := errors.AsType[*jsonv2.SemanticError](err); ok {
		return semantic.JSONPointer
	}
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return syntax.JSONPointer
	}
	return ""
}

func problemOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Problem
	}
	return err.Error()
}

// prune cuts the innermost member of an object on the way to a place out of the tree. An element of a list
// alone is not cut out: the others would take its place.
func prune(tree any, at jsontext.Pointer) (lost Lost, cut bool) {
	tokens := slices.Collect(at.Tokens())
	var owner map[string]any
	name, depth := "", 0
	for i, token := range tokens {
		switch node := tree.(type) {
		case map[string]any:
			if _, there := node[token]; !there {
				break
			}
			owner, name, depth = node, token, i+1
			tree = node[token]
			continue
		case []any:
			n, err := strconv.Atoi(token)
			if err != nil || n < 0 || n >= len(node) {
				break
			}
			tree = node[n]
			continue
		}
		break
	}
	if owner == nil {
		return lost, false
	}
	value, err := json.Marshal(owner[name])
	if err != nil {
		return lost, false
	}
	delete(owner, name)
	return Lost{Path: dotted(pointerTo(tokens[:depth])), Value: value}, true
}

func pointerTo(tokens []string) (p jsontext.Pointer) {
	for _, token := range tokens {
		p = p.AppendToken(token)
	}
	return p
}
