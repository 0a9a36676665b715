package codec_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/engine/internal/codec"
)

// Salvage leaves out what does not fit, and nothing else; an element of a list never makes way for others.
func TestSalvage(t *testing.T) {
	t.Parallel()
	type inner struct {
		X int `json:"x"`
	}
	type state struct {
		N     int64            `json:"n"`
		List  []inner          `json:"list"`
		Ints  []int            `json:"ints"`
		Map   map[string]inner `json:"map"`
		Inner inner            `json:"inner"`
	}
	for _, tt := range []struct {
		name, doc string
		want      state
		lost      map[string]string // value by path
	}{
		{"all fits", `{"n":9007199254740993}`, state{N: 9007199254740993}, nil},
		{"an unknown field", `{"n":1,"old":{"a":[1]}}`, state{N: 1}, map[string]string{"old": `{"a":[1]}`}},
		{"another type", `{"n":"x","ints":[1,2]}`, state{Ints: []int{1, 2}}, map[string]string{"n": `"x"`}},
		{"null", `{"n":null}`, state{}, map[string]string{"n": `null`}},
		{"in a list", `{"list":[{"x":1},{"x":2,"y":3}]}`, state{List: []inner{{1}, {2}}}, map[string]string{"list.1.y": `3`}},
		{"an element", `{"n":1,"ints":[1,"2",3]}`, state{N: 1}, map[string]string{"ints": `[1,"2",3]`}},
		{"in a map", `{"map":{"a":{"x":1},"b":{"z":0}}}`, state{Map: map[string]inner{"a": {1}, "b": {}}}, map[string]string{"map.b.z": `0`}},
		{"several", `{"a":1,"inner":{"x":"s"},"n":2}`, state{N: 2}, map[string]string{"a": "1", "inner.x": `"s"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got state
			lost, err := codec.Salvage(codec.Payload{Codec: "json", Data: []byte(tt.doc)}, &got)
			if err != nil {
				t.Fatalf("Salvage: %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Salvage (-want +got):\n%s", diff)
			}
			paths := map[string]string{}
			for _, l := range lost {
				paths[l.Path] = string(l.Value)
				if l.Problem == "" {
					t.Errorf("%s: no problem is told", l.Path)
				}
			}
			if len(paths) != len(tt.lost) || len(paths) > 0 && cmp.Diff(tt.lost, paths) != "" {
				t.Errorf("lost %v, want %v", paths, tt.lost)
			}
		})
	}
	for _, doc := range []string{`[1]`, `3`, `{`, ``} {
		var got state
		if lost, err := codec.Salvage(codec.Payload{Codec: "json", Data: []byte(doc)}, &got); err == nil {
			t.Errorf("Salvage(%s) = %v, want an error", doc, lost)
		}
	}
}

// An unknown field tells which ones there are.
func TestErrorUnknown(t *testing.T) {
	t.Parallel()
	var got struct {
		Inner struct {
			Width int `json:"width"`
		} `json:"inner"`
	}
	err := codec.Decode(codec.Payload{Codec: "json", Data: json.RawMessage(`{"inner":{"widht":1}}`)}, &got)
	fault, ok := err.(*codec.Error) //nolint:errorlint // Decode returns it bare
	if !ok {
		t.Fatalf("Decode = %v", err)
	}
	if name, known := fault.Unknown(); name != "widht" || len(known) != 1 || known[0] != "width" {
		t.Errorf("Unknown = %q, %q; want widht, [width]", name, known)
	}
}
