package input

import (
	"errors"
	"fmt"

	"github.com/durable-wf/wf/engine/internal/codec"
)

// Error says what is wrong with one input and what to do.
type Error struct {
	Field   string // dotted JSON name as given; empty for the whole document
	Problem string // one line
}

// Error returns the field and the problem, as in `n: "abc" is not a whole number`.
func (e *Error) Error() string {
	if e.Field == "" {
		return e.Problem
	}
	return e.Field + ": " + e.Problem
}

// problem is the text of an *Error whose field the caller knows.
type problem string

func (p problem) Error() string { return string(p) }

func problemf(format string, args ...any) error { return problem(fmt.Sprintf(format, args...)) }

// at makes err an *Error whose field is the given one and, below it, the path that err may have.
func at(field string, err error) error {
	path, text := "", err.Error()
	if inner, ok := errors.AsType[*Error](err); ok {
		path, text = inner.Field, inner.Problem
	} else if inner, ok := errors.AsType[*codec.Error](err); ok {
		path, text = inner.Path, inner.Problem
	}
	return &Error{Field: join(field, path), Problem: text}
}

// join puts a dot between two names unless one is empty.
func join(outer, inner string) string {
	if outer == "" || inner == "" {
		return outer + inner
	}
	return outer + "." + inner
}
