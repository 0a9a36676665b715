package npz

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The header of an .npy file is a literal of Python: a dict of texts, truth values, integers, tuples and lists.
type (
	pyDict  map[string]any
	pyTuple []any // a list, too
)

// maxDepth bounds how deep literals lie in each other.
const maxDepth = 20

// literal reads one from the front of text.
type literal struct {
	text  string
	depth int
}

// parseDict reads a dict that is all of text.
func parseDict(text string) (pyDict, error) {
	l := literal{text: text}
	v, err := l.value()
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	dict, ok := v.(pyDict)
	if l.skip(); !ok || l.text != "" {
		return nil, errors.New("header is no dict")
	}
	return dict, nil
}

func (l *literal) skip() { l.text = strings.TrimLeft(l.text, " \n\t\r") }

// take reports whether s is next, and goes past it.
func (l *literal) take(s string) bool {
	l.skip()
	rest, found := strings.CutPrefix(l.text, s)
	l.text = rest
	return found
}

func (l *literal) value() (any, error) {
	if l.depth++; l.depth > maxDepth {
		return nil, errors.New("is nested too deeply")
	}
	defer func() { l.depth-- }()
	switch {
	case l.take("{"):
		return l.dict()
	case l.take("("):
		return l.items(")")
	case l.take("["):
		return l.items("]")
	case l.take("True"):
		return true, nil
	case l.take("False"):
		return false, nil
	case l.take("None"):
		return nil, nil
	case l.take("'"):
		return l.quoted('\'')
	case l.take(`"`):
		return l.quoted('"')
	}
	end := strings.IndexFunc(l.text, func(r rune) bool { return r < '0' || r > '9' })
	if end <= 0 {
		return nil, fmt.Errorf("unexpected %.20q", l.text)
	}
	n, err := strconv.Atoi(l.text[:end])
	l.text = strings.TrimPrefix(l.text[end:], "L") // of Python 2
	return n, err
}

func (l *literal) items(end string) (pyTuple, error) {
	items := pyTuple{}
	for !l.take(end) {
		v, err := l.value()
		if err != nil {
			return nil, err
		}
		items = append(items, v)
		if !l.take(",") {
			if l.take(end) {
				break
			}
			return nil, fmt.Errorf("%q or a comma expected before %.20q", end, l.text)
		}
	}
	return items, nil
}

func (l *literal) dict() (pyDict, error) {
	dict := pyDict{}
	for !l.take("}") {
		key, err := l.value()
		if err != nil {
			return nil, err
		}
		name, ok := key.(string)
		if !ok || !l.take(":") {
			return nil, errors.New("a name and a colon expected")
		}
		if dict[name], err = l.value(); err != nil {
			return nil, err
		}
		if !l.take(",") {
			if l.take("}") {
				break
			}
			return nil, fmt.Errorf("a brace or a comma expected before %.20q", l.text)
		}
	}
	return dict, nil
}

// quoted reads the rest of a text whose opening quote has been read.
func (l *literal) quoted(quote byte) (string, error) {
	var s strings.Builder
	for l.text != "" {
		if l.text[0] == quote {
			l.text = l.text[1:]
			if !utf8.ValidString(s.String()) {
				return "", errors.New("a text is not valid UTF-8")
			}
			return s.String(), nil
		}
		if strings.HasPrefix(l.text, `\'`) || strings.HasPrefix(l.text, `\"`) { // strconv allows the one in use only
			s.WriteByte(l.text[1])
			l.text = l.text[2:]
			continue
		}
		r, isByte, rest, err := strconv.UnquoteChar(l.text, quote)
		if err != nil {
			return "", fmt.Errorf("escape in %.20q: %w", l.text, err)
		}
		if isByte || r < utf8.RuneSelf || l.text[0] == '\\' || r != utf8.RuneError {
			s.WriteRune(r)
		} else {
			s.WriteByte(l.text[0]) // not UTF-8; refused at the end
		}
		l.text = rest
	}
	return "", errors.New("a text does not end")
}
