package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// pathStep is one step into a JSON document: a member of an object, or an element of a list.
type pathStep struct {
	name   string
	index  int
	inList bool
}

// parsePath reads a path such as grid.nx, points[3].x or ["a.b"].c.
func parsePath(path string) (steps []pathStep, err error) {
	for rest := path; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "[\""):
			quoted, err := strconv.QuotedPrefix(rest[1:])
			if err != nil || !strings.HasPrefix(rest[1+len(quoted):], "]") {
				return nil, badPath(path)
			}
			name, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, badPath(path)
			}
			steps, rest = append(steps, pathStep{name: name}), rest[len(quoted)+2:]
		case rest[0] == '[':
			digits, after, ok := strings.Cut(rest[1:], "]")
			index, err := strconv.Atoi(digits)
			if !ok || err != nil || index < 0 {
				return nil, badPath(path)
			}
			steps, rest = append(steps, pathStep{index: index, inList: true}), after
		default:
			rest = strings.TrimPrefix(rest, ".")
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			if end == 0 {
				return nil, badPath(path)
			}
			steps, rest = append(steps, pathStep{name: rest[:end]}), rest[end:]
		}
	}
	if len(steps) == 0 {
		return nil, badPath(path)
	}
	return steps, nil
}

func badPath(path string) error {
	return fmt.Errorf("%q is no path of a field, such as grid.nx or points[3].x", path)
}

// setPath returns the tree with the value at the path. Objects on the way that are missing are made.
func setPath(tree any, steps []pathStep, value any) (any, error) {
	if len(steps) == 0 {
		return value, nil
	}
	at := steps[0]
	if at.inList {
		list, ok := tree.([]any)
		switch {
		case !ok:
			return nil, errors.New("there is no list")
		case at.index > len(list):
			return nil, fmt.Errorf("the list has %d elements", len(list))
		case at.index == len(list):
			list = append(list, nil)
		}
		inner, err := setPath(list[at.index], steps[1:], value)
		list[at.index] = inner
		return list, err
	}
	object, ok := tree.(map[string]any)
	if !ok {
		if tree != nil {
			return nil, fmt.Errorf("there is no object that could have a field %q", at.name)
		}
		object = map[string]any{}
	}
	inner, err := setPath(object[at.name], steps[1:], value)
	object[at.name] = inner
	return object, err
}

// setPaths sets members of a JSON document.
func setPaths(doc []byte, set map[string]json.RawMessage) ([]byte, error) {
	tree, err := parseJSON(doc)
	if err != nil {
		return nil, err
	}
	for path, text := range set {
		value, err := parseJSON(text)
		if err != nil {
			return nil, fmt.Errorf("%s: the value is no JSON: %w", path, err)
		}
		steps, err := parsePath(path)
		if err != nil {
			return nil, err
		}
		if tree, err = setPath(tree, steps, value); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return json.Marshal(tree)
}

func parseJSON(doc []byte) (tree any, err error) {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber() // integers must not pass through float64
	if err := dec.Decode(&tree); err != nil {
		return nil, err
	}
	if dec.More() {
		return nil, errors.New("there is more than one value")
	}
	return tree, nil
}
