package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// byName spawns children of workflows that it knows by name, and notes what becomes of them.
func byName(children ...engine.Child) engine.Workflow[parcel, []string] {
	return engine.Workflow[parcel, []string]{Name: family, Steps: []engine.Step[parcel]{
		{Name: "spawn", Do: func(*engine.Context, *parcel) (engine.Transition, error) {
			return engine.Spawn(slices.Values(children), "join"), nil
		}},
		{Name: "join", Do: func(ctx *engine.Context, s *parcel) (engine.Transition, error) {
			for run, err := range ctx.Children() {
				if err != nil {
					return engine.Transition{}, err
				}
				s.Log = append(s.Log, fmt.Sprintf("%s %s %s", run.Workflow, run.Status, run.Result))
			}
			return family.Done(s.Log), nil
		}},
	}}
}

// Children may be named by strings; their results and failures are read as they are stored.
func TestChildOf(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, square(func(_ *engine.Context, n int64) error {
		if n == 2 {
			return engine.Permanent(errors.New("no square of 2"))
		}
		return nil
	}), byName(
		engine.ChildOf("squares", []byte(`{"n":3}`), nil),
		engine.ChildOf("squares", nil, nil),
		engine.ChildOf("squares", []byte(`{"n":2}`), nil),
		squares.Child(count{N: 5}, nil),
	))
	got, err := family.Run(t.Context(), eng, parcel{}, nil)
	want := []string{"squares completed 9", "squares completed 0", "squares failed ", "squares completed 25"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("Run: %q, %v; want %q", got, err, want)
	}
}

// A child that is known by its name has the policies of its parent's start, where it is given none of its own.
func TestChildOfHasItsParentsPolicies(t *testing.T) {
	t.Parallel()
	own := &engine.StartOptions{Checkpoint: engine.Checkpoint{Every: 7}}
	eng := newEngine(t, square(nil), byName(
		engine.ChildOf("squares", nil, nil), engine.ChildOf("squares", nil, own), squares.Child(count{}, nil)))
	opts := &engine.StartOptions{Checkpoint: engine.Checkpoint{Every: 5}, Retry: &engine.Retry{Attempts: 3}}
	if _, err := family.Run(t.Context(), eng, parcel{}, opts); err != nil {
		t.Fatal(err)
	}
	children, err := eng.Children(t.Context(), 1, -1)
	if err != nil || len(children) != 3 {
		t.Fatalf("%d children, %v", len(children), err)
	}
	for i, every := range []int64{5, 7, 0} {
		c := children[i]
		if c.Policy.Every != every || (c.Retry != nil) != (i == 0) {
			t.Errorf("child %d: a checkpoint every %d, retry %v; want %d", i, c.Policy.Every, c.Retry, every)
		}
	}
}

// An input that does not decode fails the parent, and no child is started; an unknown workflow blocks it.
func TestChildOfIsAllOrNothing(t *testing.T) {
	t.Parallel()
	good := engine.ChildOf("squares", []byte(`{"n":3}`), nil)
	tests := []struct {
		name  string
		child engine.Child
		want  string
	}{
		{"wrong input", engine.ChildOf("squares", []byte(`{"m":1}`), nil), "child 2: "},
		{"unknown workflow", engine.ChildOf("squarse", nil, nil), "child 2: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eng := newEngine(t, square(nil), byName(good, test.child))
			_, err := family.Run(t.Context(), eng, parcel{}, nil)
			mustComplain(t, err, test.want)
			if runs, err := eng.List(t.Context(), engine.RunFilter{}); err != nil || len(runs) != 1 {
				t.Errorf("%d runs, %v; want the parent alone", len(runs), err)
			}
		})
	}
}

// Complete says what a start would say, without one.
func TestDefinitionComplete(t *testing.T) {
	t.Parallel()
	def := square(nil)
	def.Validate = func(s *count) error {
		if s.N < 0 {
			return errors.New("n must not be negative")
		}
		s.N++
		return nil
	}
	if got, err := def.Complete([]byte(`{"n":1}`)); err != nil || !strings.Contains(string(got), `"n":2,`) {
		t.Errorf("Complete = %s, %v; want n raised by Validate", got, err)
	}
	for in, want := range map[string]string{`{"n":-1}`: "must not be negative", `{"m":1}`: "m", `[`: "squares"} {
		_, err := def.Complete([]byte(in))
		if _, ok := errors.AsType[*engine.InputError](err); !ok {
			t.Errorf("Complete(%s) = %v, want an InputError", in, err)
		}
		mustComplain(t, err, want)
	}
}

func mustComplain(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one about %q", err, want)
	}
}
