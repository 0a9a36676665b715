package engine_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// branching goes another way from 10 on.
func branching() engine.Workflow[count, int64] {
	return engine.Workflow[count, int64]{Name: "branching", Steps: []engine.Step[count]{
		{Name: "read", Do: func(_ *engine.Context, s *count) (engine.Transition, error) { s.I = s.N % 2; return engine.Next(), nil }},
		{Name: "choose", Do: func(_ *engine.Context, s *count) (engine.Transition, error) {
			if s.N >= 10 {
				return engine.Goto("large"), nil
			}
			return engine.Goto("small"), nil
		}},
		{Name: "small", Do: func(_ *engine.Context, s *count) (engine.Transition, error) {
			if s.N == 3 {
				return engine.Transition{}, errors.New("three is not liked")
			}
			return engine.Done(s.N), nil
		}},
		{Name: "large", Do: func(_ *engine.Context, s *count) (engine.Transition, error) {
			s.Total = 100
			return engine.Done(s.N * 2), nil
		}},
	}}
}

// Diff tells where two runs part, and in which fields they differ.
func TestDiff(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, branching())
	run := func(n int64) int64 {
		t.Helper()
		run, err := branching().Name.Start(t.Context(), eng, count{N: n}, &engine.StartOptions{Keep: engine.KeepAll})
		if err == nil {
			_, err = eng.Execute(t.Context(), run.ID, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		return run.ID
	}
	for _, tt := range []struct {
		name          string
		a, b          int64
		common        int
		what, at      string // of Parted
		drifted       string // step of Drifted
		state, result string // field and delta of the first difference
	}{
		{name: "the same", a: 2, b: 2, common: 3},
		{name: "another number", a: 2, b: 4, common: 3, state: "n +2", result: " +2"},
		{name: "another state", a: 2, b: 5, common: 3, drifted: "read", state: "n +3", result: " +3"},
		{name: "another way", a: 2, b: 12, common: 1, what: "next", at: "choose", state: "n +10", result: " +22"},
		{name: "another end", a: 5, b: 3, common: 2, what: "kind", at: "small", state: "n +-2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := eng.Diff(t.Context(), run(tt.a), run(tt.b))
			if err != nil {
				t.Fatal(err)
			}
			if d.Common != tt.common {
				t.Errorf("%d events in common, want %d", d.Common, tt.common)
			}
			if (d.Parted == nil) != (tt.what == "") || d.Parted != nil && (d.Parted.What != tt.what || d.Parted.A.Step != tt.at) {
				t.Errorf("parted %+v, want %q at %q", d.Parted, tt.what, tt.at)
			}
			if (d.Drifted == nil) != (tt.drifted == "") || d.Drifted != nil && d.Drifted.A.Step != tt.drifted {
				t.Errorf("drifted %+v, want at %q", d.Drifted, tt.drifted)
			}
			first := func(list []engine.FieldChange) string {
				if len(list) == 0 {
					return ""
				}
				return list[0].Path + " +" + string(list[0].By)
			}
			if got := first(d.State); got != tt.state {
				t.Errorf("states differ in %q, want %q", got, tt.state)
			}
			if got := first(d.Result); got != tt.result {
				t.Errorf("results differ in %q, want %q", got, tt.result)
			}
			if got := first(d.Input); got != tt.state {
				t.Errorf("inputs differ in %q, want %q", got, tt.state)
			}
			if d.Same() != (tt.a == tt.b) {
				t.Errorf("Same = %v", d.Same())
			}
		})
	}
}

// A fork is compared with its origin from where it goes on.
func TestDiffOfAFork(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, branching())
	run, _, err := eng.StartHere(t.Context(), "branching", json.RawMessage(`{"n":3}`), &engine.StartOptions{Keep: engine.KeepAll})
	if err == nil {
		run, err = eng.Execute(t.Context(), run.ID, nil)
	}
	if err != nil || run.Status != engine.Failed {
		t.Fatalf("run %s, %v", run.Status, err)
	}
	kept, err := eng.States(t.Context(), run.ID)
	if err != nil {
		t.Fatal(err)
	}
	at := kept[len(kept)-1]
	fork, err := eng.Fork(t.Context(), run.ID, &engine.ForkOptions{Set: edits("n", "4")})
	if err == nil {
		fork, err = eng.Execute(t.Context(), fork.ID, nil)
	}
	if err != nil || fork.Status != engine.Completed {
		t.Fatalf("the fork: %s, %v", fork.Status, err)
	}
	for _, ids := range [][2]int64{{run.ID, fork.ID}, {fork.ID, run.ID}} {
		d, err := eng.Diff(t.Context(), ids[0], ids[1])
		if err != nil || d.Common != 0 {
			t.Fatalf("Diff = %+v, %v; want nothing in common behind event %d", d, err, at.Seq)
		}
	}
	if _, err := eng.Diff(t.Context(), run.ID, 99); !errors.Is(err, engine.ErrRunNotFound) {
		t.Errorf("Diff with run 99: %v, want ErrRunNotFound", err)
	}
}

// CompareJSON compares documents field by field.
func TestCompareJSON(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, a, b, want string }{
		{"the same", `{"a":1,"b":[1,2]}`, `{"b":[1,2],"a":1}`, `null`},
		{"a number", `{"a":9007199254740993}`, `{"a":9007199254740994}`, `[{"field":"a","a":9007199254740993,"b":9007199254740994,"delta":1}]`},
		{"a fraction", `{"a":0.5}`, `{"a":0.25}`, `[{"field":"a","a":0.5,"b":0.25,"delta":-0.25}]`},
		{"not a number", `{"a":"NaN"}`, `{"a":1.5}`, `[{"field":"a","a":"NaN","b":1.5}]`},
		{"new and gone", `{"a":{"x":null}}`, `{"a":{"y.z":{}}}`, `[{"field":"a[\"y.z\"]","b":{}},{"field":"a.x","a":null}]`},
		{"a longer list", `[1]`, `[1,[]]`, `[{"field":"[1]","b":[]}]`},
		{"nothing there", ``, `2`, `[{"field":"","b":2}]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found, err := engine.CompareJSON(json.RawMessage(tt.a), json.RawMessage(tt.b))
			got, _ := json.Marshal(found)
			if err != nil || string(got) != tt.want {
				t.Errorf("CompareJSON = %s, %v; want %s", got, err, tt.want)
			}
		})
	}
	if _, err := engine.CompareJSON(json.RawMessage(`{`), nil); err == nil {
		t.Error("a broken document is no error")
	}
}
