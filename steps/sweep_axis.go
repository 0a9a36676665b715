package steps

import (
	"encoding/json"
	"fmt"
	"strings"
)

// valueAxis makes an axis of NAME=VALUES; what names the input that says so.
func valueAxis(what, text string) ([]point, error) {
	name, list, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return nil, fmt.Errorf("%s %q needs the form NAME=VALUES", what, text)
	}
	words, err := values(list)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", what, name, err)
	}
	axis := make([]point, len(words))
	for i, word := range words {
		axis[i] = point{{name: name, word: word}}
	}
	return axis, nil
}

// zipAxis makes one axis of all zips.
func zipAxis(texts []string) ([]point, error) {
	var zipped []point
	for i, text := range texts {
		axis, err := valueAxis("zip", text)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			zipped = axis
			continue
		}
		if len(axis) != len(zipped) {
			return nil, fmt.Errorf("zip %s has %d values, but %s has %d", axis[0][0].name, len(axis), zipped[0][0].name, len(zipped))
		}
		for k := range zipped {
			zipped[k] = append(zipped[k], axis[k]...)
		}
	}
	return zipped, nil
}

// pointAxis makes an axis of JSON objects.
func pointAxis(docs []json.RawMessage) ([]point, error) {
	if len(docs) > maxPoints {
		return nil, fmt.Errorf("there are more than %d points", maxPoints)
	}
	axis := make([]point, len(docs))
	for i, doc := range docs {
		var err error
		if axis[i], err = parsePoint(doc); err != nil {
			return nil, fmt.Errorf("point %d %s: %w", i+1, doc, err)
		}
	}
	return axis, nil
}

// parsePoint reads the members of an object in their order. Scalars become words, so that "1ms" is a duration and
// "100" a number where the workflow wants one; null leaves the input out.
func parsePoint(doc []byte) (p point, err error) {
	err = eachMember(doc, func(name string, value json.RawMessage) error {
		s := setting{name: name}
		switch value[0] {
		case 'n':
			return nil
		case '{', '[':
			s.doc = value
		case '"':
			if err := json.Unmarshal(value, &s.word); err != nil {
				return err
			}
		default:
			s.word = string(value)
		}
		p = append(p, s)
		return nil
	})
	return p, err
}
