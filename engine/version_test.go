package engine_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// oldOrder and newOrder are what a state was, and what a later program has made of it.
type oldOrder struct {
	ID    string         `json:"id"`
	Total int64          `json:"total"`
	Lines []oldLine      `json:"lines"`
	Tags  map[string]int `json:"tags"`
}

type oldLine struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

type newOrder struct {
	ID    string         `json:"id"`
	Sum   int64          `json:"sum"` // was total
	Lines []newLine      `json:"lines"`
	Tags  map[string]int `json:"tags"`
}

type newLine struct {
	Name  string `json:"name"`
	Count string `json:"count"` // was a number
}

// ordering is a workflow of one step whose state is an S.
func ordering[S any](version int, codec engine.Codec, do func(*S) string) engine.Workflow[S, string] {
	return engine.Workflow[S, string]{Name: "ordering", Version: version, Codec: codec, Steps: []engine.Step[S]{{
		Name: "only", Do: func(_ *engine.Context, s *S) (engine.Transition, error) { return engine.Done(do(s)), nil },
	}}}
}

// A state that a program cannot read blocks the run, with a reason that names the field and the nearest one
// that there is, and the remedy; --accept takes it as far as it can be read, and tells what was dropped.
func TestAccept(t *testing.T) {
	t.Parallel()
	for _, codec := range []engine.Codec{engine.JSON, engine.CBOR} {
		t.Run(string(codec), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "wf.db")
			old := ordering(1, codec, func(*oldOrder) string { return "" })
			withEngine(t, path, func(eng *engine.Engine) {
				s := oldOrder{ID: "7", Total: 9007199254740993, Lines: []oldLine{{"nail", 3}, {"nut", 4}}, Tags: map[string]int{"a": 1}}
				if _, err := old.Name.Start(t.Context(), eng, s, nil); err != nil {
					t.Fatal(err)
				}
			}, old)
			var seen newOrder
			fresh := ordering(2, codec, func(s *newOrder) string { seen = *s; return s.ID })
			eng := openEngine(t, engine.Config{Path: path, Program: "shop"}, fresh)
			run, err := eng.Execute(t.Context(), 1, nil)
			if err != nil || run.Status != engine.Blocked {
				t.Fatalf("Execute = %s, %v; want blocked", run.Status, err)
			}
			why, err := eng.Why(t.Context(), 1)
			if err != nil || !strings.Contains(why.Remedy, "shop resume 1 --accept") {
				t.Errorf("the remedy is %q, %v; want shop resume 1 --accept", why.Remedy, err)
			}
			if codec == engine.JSON && !strings.Contains(run.Reason, "state: total") {
				t.Errorf("the reason %q does not name the field", run.Reason)
			}
			if _, err := eng.Resume(t.Context(), 1, &engine.ResumeOptions{Accept: true}); err != nil {
				t.Fatal(err)
			}
			run, err = eng.Execute(t.Context(), 1, nil)
			if err != nil || run.Status != engine.Completed || string(run.Result) != `"7"` {
				t.Fatalf("Execute = %s: %s %s, %v; want completed", run.Status, run.Reason, run.Error, err)
			}
			if seen.ID != "7" || seen.Sum != 0 || len(seen.Lines) != 2 || seen.Lines[1] != (newLine{Name: "nut"}) || seen.Tags["a"] != 1 {
				t.Errorf("the step got %+v; want all that fits", seen)
			}
			var told struct {
				Accepted struct {
					From    int `json:"from_version"`
					To      int `json:"to_version"`
					Dropped []struct {
						Field, Problem string
						Value          json.RawMessage
					}
				}
			}
			for _, ev := range history(t, eng, 1) {
				if strings.Contains(string(ev.Detail), "accepted") {
					if err := json.Unmarshal(ev.Detail, &told); err != nil {
						t.Fatal(err)
					}
				}
			}
			a := told.Accepted
			fields := map[string]string{}
			for _, d := range a.Dropped {
				fields[d.Field] = string(d.Value)
			}
			if a.From != 1 || a.To != 2 || len(fields) != 3 || fields["total"] != "9007199254740993" || fields["lines.1.count"] != "4" {
				t.Errorf("the history tells %+v; want three fields dropped, with their values", a)
			}
		})
	}
}

// A state that a newer program wrote is accepted by an older one, if it can read it.
func TestAcceptOfANewerState(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	newer := ordering(5, engine.JSON, func(*newOrder) string { return "" })
	withEngine(t, path, func(eng *engine.Engine) {
		if _, err := newer.Name.Start(t.Context(), eng, newOrder{ID: "7"}, nil); err != nil {
			t.Fatal(err)
		}
	}, newer)
	older := ordering(4, engine.JSON, func(s *newOrder) string { return s.ID })
	eng := openEngine(t, engine.Config{Path: path}, older)
	run, err := eng.Execute(t.Context(), 1, nil)
	if err != nil || run.Status != engine.Blocked || !strings.Contains(run.Reason, "written by version 5") {
		t.Fatalf("Execute = %s: %s, %v; want blocked", run.Status, run.Reason, err)
	}
	if run, err = eng.Resume(t.Context(), 1, &engine.ResumeOptions{Accept: true}); err != nil || run.Version != 4 {
		t.Fatalf("Resume: version %d, %v; want 4", run.Version, err)
	}
	if run, err = eng.Execute(t.Context(), 1, nil); err != nil || run.Status != engine.Completed {
		t.Errorf("Execute = %s: %s, %v", run.Status, run.Reason, err)
	}
}

// What does not fit at all is not accepted, and nothing changes.
func TestAcceptRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	old := ordering(1, engine.JSON, func(*[]int) string { return "" })
	withEngine(t, path, func(eng *engine.Engine) {
		if _, err := old.Name.Start(t.Context(), eng, []int{1}, nil); err != nil {
			t.Fatal(err)
		}
	}, old)
	eng := openEngine(t, engine.Config{Path: path}, ordering(1, engine.JSON, func(s *newOrder) string { return s.ID }))
	if run, err := eng.Execute(t.Context(), 1, nil); err != nil || run.Status != engine.Blocked {
		t.Fatalf("Execute = %s, %v", run.Status, err)
	}
	_, err := eng.Resume(t.Context(), 1, &engine.ResumeOptions{Accept: true})
	if _, ok := errors.AsType[*engine.InputError](err); !ok {
		t.Errorf("Resume = %v, want an *InputError", err)
	}
	if run, err := eng.Get(t.Context(), 1); err != nil || run.Status != engine.Blocked || string(run.State) != "[1]" {
		t.Errorf("the run is %s with %s, %v; want it as it was", run.Status, run.State, err)
	}
}

// A run that waits for a signal whose step has another name now goes on waiting, and then there; one whose wait
// is over already is blocked, and goes on with the same option.
func TestMapOfAWaitingRun(t *testing.T) {
	t.Parallel()
	const word engine.Signal[string] = "word"
	define := func(step string) engine.Workflow[dice, string] {
		return engine.Workflow[dice, string]{Name: "told", Signals: []engine.AnySignal{word}, Steps: []engine.Step[dice]{
			{Name: "ask", Do: func(*engine.Context, *dice) (engine.Transition, error) { return word.Await(step), nil }},
			{Name: step, Do: func(ctx *engine.Context, s *dice) (engine.Transition, error) {
				said, err := word.Payload(ctx)
				return engine.Done(said), err
			}},
		}}
	}
	for _, tt := range []struct {
		name  string
		early bool // the signal comes before the step is renamed
	}{{"before the signal", false}, {"after the signal", true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "wf.db")
			withEngine(t, path, func(eng *engine.Engine) {
				run, err := define("hear").Name.Start(t.Context(), eng, dice{}, nil)
				if err == nil {
					run, err = eng.Execute(t.Context(), run.ID, &engine.ExecuteOptions{Return: true})
				}
				if err != nil || run.Status != engine.Waiting {
					t.Fatalf("run %s, %v", run.Status, err)
				}
			}, define("hear"))
			eng := openEngine(t, engine.Config{Path: path}, define("listen"))
			send := func() {
				t.Helper()
				if err := word.Send(t.Context(), eng, 1, "hello", nil); err != nil {
					t.Fatal(err)
				}
			}
			want := engine.Waiting
			if tt.early {
				send()
				if run, err := eng.Execute(t.Context(), 1, nil); err != nil || run.Status != engine.Blocked || !strings.Contains(run.Reason, `no step "hear"`) {
					t.Fatalf("run %s: %s, %v; want blocked", run.Status, run.Reason, err)
				}
				want = engine.Pending
			}
			if _, err := eng.Resume(t.Context(), 1, &engine.ResumeOptions{Map: map[string]string{"hear": "lisen"}}); err == nil {
				t.Error("a name that does not exist either is taken")
			}
			run, err := eng.Resume(t.Context(), 1, &engine.ResumeOptions{Map: map[string]string{"hear": "listen"}})
			if err != nil || run.Status != want || run.Step != "listen" {
				t.Fatalf("Resume = %s in %q, %v; want %s", run.Status, run.Step, err, want)
			}
			if !tt.early {
				send()
			}
			if run, err = eng.Execute(t.Context(), 1, nil); err != nil || string(run.Result) != `"hello"` {
				t.Errorf("run %s: %s %s, %v; want hello", run.Status, run.Error, run.Result, err)
			}
		})
	}
}
