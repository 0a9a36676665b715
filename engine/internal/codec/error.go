package codec

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Error says what could not be encoded or decoded, and where.
type Error struct {
	Path    string // names joined by dots, as in "grid.cells.3.x"; empty for the whole value
	Problem string // one line without the path
	Err     error  // the cause, may be nil; Problem contains its text
}

// Error returns the path and the problem, as in "grid.nx: cannot decode a string into int64".
func (e *Error) Error() string {
	if e.Path == "" {
		return e.Problem
	}
	return e.Path + ": " + e.Problem
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// errNull is what a null value meets where the Go type has no nil.
type errNull struct{ t reflect.Type }

func (e errNull) Error() string { return fmt.Sprintf("cannot decode null into %v", e.t) }

// newError puts an error of the JSON library into our words.
func newError(verb string, err error) error {
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return &Error{Path: dotted(syntax.JSONPointer), Problem: fmt.Sprintf("cannot %s: %v", verb, syntax.Err), Err: err}
	}
	semantic, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return &Error{Problem: fmt.Sprintf("cannot %s: %v", verb, err), Err: err}
	}
	return &Error{Path: dotted(semantic.JSONPointer), Problem: problem(verb, semantic), Err: err}
}

func problem(verb string, e *json.SemanticError) string {
	var null errNull
	switch {
	case errors.As(e.Err, &null):
		return null.Error()
	case errors.Is(e.Err, json.ErrUnknownName):
		return fmt.Sprintf("%v has no field of this name", e.GoType)
	case errors.Is(e.Err, strconv.ErrRange):
		return fmt.Sprintf("%s does not fit into %v", e.JSONValue, e.GoType)
	}
	text := "cannot decode " + kindText(e) + " into " + typeText(e.GoType)
	if verb != "decode" {
		text = "cannot " + verb + " " + typeText(e.GoType)
	}
	if e.Err != nil && !errors.Is(e.Err, strconv.ErrSyntax) {
		text += ": " + e.Err.Error()
	}
	return text
}

// typeText names a type; the hooks, which are called for any type, know it as an interface.
func typeText(t reflect.Type) string {
	if t == nil || t.Kind() == reflect.Interface {
		return "this field"
	}
	return t.String()
}

// kindText names the offending value: itself if it is a number, else only its kind, since a string
// may be long or secret.
func kindText(e *json.SemanticError) string {
	switch e.JSONKind {
	case jsontext.KindNull:
		return "null"
	case jsontext.KindTrue, jsontext.KindFalse:
		return "a boolean"
	case jsontext.KindString:
		return "a string"
	case jsontext.KindNumber:
		if len(e.JSONValue) > 0 {
			return string(e.JSONValue)
		}
		return "a number"
	case jsontext.KindBeginArray:
		return "a list"
	case jsontext.KindBeginObject:
		return "an object"
	default:
		return "the value"
	}
}

// dotted turns the JSON pointer "/grid/nx" into "grid.nx".
func dotted(p jsontext.Pointer) string {
	var names []string
	for name := range p.Tokens() {
		names = append(names, name)
	}
	return strings.Join(names, ".")
}
