package engine_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// anything is a state with fields of all sorts.
type anything struct {
	Text  string            `json:"text" help:"some text" default:"none"`
	N     int64             `json:"n" help:"a number"`
	Small int8              `json:"small"`
	X     float64           `json:"x"`
	On    bool              `json:"on"`
	Pause time.Duration     `json:"pause" help:"how long"`
	List  []int             `json:"list"`
	Map   map[string]string `json:"map"`
	In    *struct {
		Deep []*anything `json:"deep"`
	} `json:"in"`
	Raw []byte `json:"raw"`
}

// Whatever is given as input: it is taken and can be read back, or it is an InputError.
func FuzzStart(f *testing.F) {
	for _, in := range []string{
		"", "null", "{}", "[]", `"x"`, `{"text":"a","n":1}`, `{"n":1e3}`, `{"n":1.5}`, `{"n":9223372036854775808}`, `{"small":300}`,
		`{"x":"NaN"}`, `{"x":1e999}`, `{"pause":"1s"}`, `{"pause":5}`, `{"list":[1,2]}`, `{"map":{"a":"b","a":"c"}}`,
		`{"in":{"deep":[{"in":null},null]}}`, `{"raw":"AAE="}`, `{"raw":"?"}`, `{"unknown":1}`, `{"n":1}{"n":2}`, "{\"text\":\"\xff\"}", `{"N":1}`, " {} ",
	} {
		f.Add([]byte(in))
	}
	eng := newEngine(f, engine.Workflow[anything, int]{Name: "anything", Steps: []engine.Step[anything]{{
		Name: "none", Do: func(*engine.Context, *anything) (engine.Transition, error) { return engine.Next(), nil },
	}}})
	f.Fuzz(func(t *testing.T, in []byte) {
		run, err := eng.Start(t.Context(), "anything", in, nil)
		if err != nil {
			if _, ok := errors.AsType[*engine.InputError](err); !ok {
				t.Fatalf("Start(%q) = %v, want an InputError", in, err)
			}
			return
		}
		if got, err := eng.Get(t.Context(), run.ID); err != nil || !json.Valid(got.State) {
			t.Fatalf("Start(%q): the state is %q, %v", in, got.State, err)
		}
	})
}
