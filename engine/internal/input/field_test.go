package input_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine/internal/input"
	"github.com/google/go-cmp/cmp"
)

func TestFields(t *testing.T) {
	t.Parallel()
	got, err := input.Fields(stateType)
	if err != nil {
		t.Fatal(err)
	}
	want := []input.Field{
		{Name: "seed", Help: "random seed", Type: "uint"},
		{Name: "n", Help: "size", Default: "10", Type: "int"},
		{Name: "u8", Help: "small", Type: "uint"},
		{Name: "f", Help: "a float", Type: "float"},
		{Name: "s", Help: "a text", Default: "dflt", Type: "string"},
		{Name: "b", Help: "a switch", Type: "bool", Bool: true},
		{Name: "d", Help: "a time", Type: "duration"},
		{Name: "at", Help: "a date", Type: "time"},
		{Name: "addr", Help: "a host", Type: "text"},
		{Name: "big", Help: "huge", Type: "text"},
		{Name: "wide", Help: "wide", Type: "JSON"},
		{Name: "colour", Help: "a colour", Type: "JSON"},
		{Name: "p", Help: "may be nil", Type: "int"},
		{Name: "grid.nx", Help: "cells", Default: "8", Type: "int"},
		{Name: "grid.step", Help: "width", Type: "float"},
		{Name: "sub.nx", Help: "cells", Default: "8", Type: "int"},
		{Name: "sub.step", Help: "width", Type: "float"},
		{Name: "ints", Help: "numbers", Type: "list of int", Repeated: true},
		{Name: "pair", Help: "two", Type: "list of float", Repeated: true},
		{Name: "tags", Help: "tags", Default: "a=1,b=2", Type: "map of int", Repeated: true},
		{Name: "hosts", Help: "hosts", Type: "map of JSON", Repeated: true},
		{Name: "points", Help: "points", Type: "list of JSON", Repeated: true},
		{Name: "point", Help: "a point", Type: "JSON"},
		{Name: "raw", Help: "bytes", Type: "string"},
		{Name: "matrix", Help: "rows", Type: "list of list of int", Repeated: true},
		{Name: "rest", Help: "words", Type: "list of string", Repeated: true, Rest: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Fields (-want +got):\n%s", diff)
	}
}

type chain struct {
	N    int    `json:"n" help:"x"`
	Next *chain `json:"next"`
}

func TestFieldsFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		v    any
		want string // one fault a line
	}{
		{"recursive type", chain{}, ""},
		{"JSON defaults", struct {
			L []string       `json:"l" help:"x" default:"[\"a,b\"]"`
			M map[string]int `json:"m" help:"x" default:"{\"k\":1}"`
		}{}, ""},
		{"bad default", struct {
			N uint           `json:"n" help:"x" default:"-1"`
			M map[string]int `json:"m" help:"x" default:"{\"k\":true}"`
		}{}, "n: bad default: -1 is negative; it takes 0 or more\nm: bad default: k: cannot decode a boolean into int"},
		{"tags without help", struct {
			N int      `json:"n" default:"1"`
			R []string `json:"r" arg:"rest"`
		}{}, "n: has the tag default but no help, so it is no input\nr: has the tag arg but no help, so it is no input"},
		{"two rests", struct {
			A []string `json:"a" help:"x" arg:"rest"`
			B []string `json:"b" help:"x" arg:"rest"`
		}{}, `b: only one field can be arg:"rest", and a is`},
		{"rest of numbers", struct {
			A []int `json:"a" help:"x" arg:"rest"`
		}{}, `a: arg:"rest" needs a []string, not []int`},
		{"unknown arg", struct {
			A []string `json:"a" help:"x" arg:"first"`
		}{}, `a: the tag arg takes only rest, not first`},
		{"same names", struct {
			common
			Other int `json:"seed" help:"x"`
			Runs  int `json:"runs" help:"x"`
		}{}, "seed: two inputs have this name\nruns: an input and a state field have this name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := input.Fields(reflect.TypeOf(tt.v))
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("Fields: got\n%s\nwant\n%s", got, tt.want)
			}
			if _, buildErr := input.Build(reflect.TypeOf(tt.v), nil, nil); (buildErr == nil) != (err == nil) {
				t.Errorf("Build: got error %v, want that of Fields", buildErr)
			}
			if strings.Contains(got, "\n\n") {
				t.Errorf("empty line in %q", got)
			}
		})
	}
}
