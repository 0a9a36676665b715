package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// edits makes ForkOptions.Set of names and values in turn.
func edits(pairs ...string) map[string]json.RawMessage {
	set := map[string]json.RawMessage{}
	for i := 0; i < len(pairs); i += 2 {
		set[pairs[i]] = json.RawMessage(pairs[i+1])
	}
	return set
}

// dice is the state of a workflow that draws random numbers.
type dice struct {
	Rolls []int              `json:"rolls"`
	Grid  struct{ X, Y int } `json:"grid"`
	Note  string             `json:"note"`
}

// rolling rolls a die in each of four steps.
func rolling() engine.Workflow[dice, string] {
	w := engine.Workflow[dice, string]{Name: "rolling"}
	for i := range 4 {
		w.Steps = append(w.Steps, engine.Step[dice]{Name: fmt.Sprint("roll", i), Do: func(ctx *engine.Context, s *dice) (engine.Transition, error) {
			s.Rolls = append(s.Rolls, ctx.Rand().IntN(1000))
			if i == 3 {
				return engine.Done(fmt.Sprint(s.Rolls, s.Grid.X, s.Note)), nil
			}
			return engine.Next(), nil
		}})
	}
	return w
}

// A fork goes on from a kept checkpoint of a run that has ended: with its state, random numbers and seed, in a
// chain of its own that names the origin, which stays as it is.
func TestFork(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	eng := openEngine(t, engine.Config{Path: path}, rolling())
	seed := int64(7)
	run, _, err := eng.StartHere(t.Context(), "rolling", nil, &engine.StartOptions{Keep: engine.KeepAll, Seed: &seed, Key: "k", Queue: "dice"})
	if err != nil {
		t.Fatal(err)
	}
	if run, err = eng.Execute(t.Context(), run.ID, nil); err != nil || run.Status != engine.Completed {
		t.Fatalf("Execute = %s, %v", run.Status, err)
	}
	before, err := eng.Get(t.Context(), run.ID)
	if err != nil {
		t.Fatal(err)
	}
	fork, err := eng.Fork(t.Context(), run.ID, &engine.ForkOptions{Step: "roll3", Set: edits("rolls", "[1]", "grid.X", "9", "note", `"x"`), Reason: "try"})
	if err != nil || fork.Status != engine.Pending || fork.Key != "" || fork.Seed != seed || fork.Queue != "dice" || fork.Keep != engine.KeepAll {
		t.Fatalf("Fork = %+v, %v; want a pending run without the key", fork, err)
	}
	var told struct {
		Forked engine.Origin
		Reason string
		Edited map[string]any
	}
	first := history(t, eng, fork.ID)[0]
	if err := json.Unmarshal(first.Detail, &told); err != nil {
		t.Fatal(err)
	}
	if o := told.Forked; o.UUID != run.UUID || o.Seq != run.Seq || o.Hash != fmt.Sprintf("%x", run.Head) || told.Reason != "try" || len(told.Edited) != 3 {
		t.Errorf("the first event tells %s; want the origin %s, event %d", first.Detail, run.UUID, run.Seq)
	}
	if fork, err = eng.Execute(t.Context(), fork.ID, nil); err != nil || !strings.HasPrefix(string(fork.Result), `"[1 `) || !strings.HasSuffix(string(fork.Result), ` 9x"`) {
		t.Errorf("the fork: %s, %v; want its changed state", fork.Result, err)
	}
	if after, err := eng.Get(t.Context(), run.ID); err != nil || after.Seq != before.Seq || string(after.State) != string(before.State) {
		t.Errorf("the origin has changed: %v, %v", after, err)
	}
	if _, err := eng.Prune(t.Context(), engine.Retention{}); err != nil {
		t.Errorf("Prune: %v", err)
	}
}

// An unedited fork draws the numbers that its origin drew, from any checkpoint that is kept; an event whose
// checkpoint is not kept is an error that names those that are.
func TestForkFromAnyKeptCheckpoint(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	seed := int64(3)
	w := rolling()
	stopped := rolling()
	ctx, stop := context.WithCancel(t.Context())
	stopped.Steps[2].Do = func(ctx *engine.Context, _ *dice) (engine.Transition, error) {
		stop()
		<-ctx.Done()
		return engine.Transition{}, ctx.Err()
	}
	withEngine(t, path, func(eng *engine.Engine) { // a running run would do as well
		run, _, err := eng.StartHere(t.Context(), "rolling", nil, &engine.StartOptions{Seed: &seed})
		if err != nil {
			t.Fatal(err)
		}
		if run, err = eng.Execute(ctx, run.ID, nil); err != nil || run.Status != engine.Suspended {
			t.Fatalf("Execute = %s, %v", run.Status, err)
		}
	}, stopped)
	eng := openEngine(t, engine.Config{Path: path}, w)
	kept, err := eng.States(t.Context(), 1)
	if err != nil || len(kept) == 0 {
		t.Fatalf("States: %v", err)
	}
	forks := []int64{1}
	for _, at := range append(kept, engine.StateVersion{}) { // event 0: the newest
		fork, err := eng.Fork(t.Context(), 1, &engine.ForkOptions{At: at.Seq})
		if err != nil {
			t.Fatalf("Fork at %d: %v", at.Seq, err)
		}
		forks = append(forks, fork.ID)
	}
	results := map[string]bool{}
	for _, id := range forks {
		run, err := eng.Execute(t.Context(), id, nil)
		if err != nil || run.Status != engine.Completed {
			t.Errorf("run %d: %s: %s, %v", id, run.Status, run.Error, err)
		}
		results[string(run.Result)] = true
	}
	if len(results) != 1 {
		t.Errorf("the runs drew different numbers: %v", results)
	}
	_, err = eng.Fork(t.Context(), 2, &engine.ForkOptions{At: 99})
	if _, ok := errors.AsType[*engine.InputError](err); !ok {
		t.Errorf("Fork of a run without checkpoints: %v, want an *InputError", err)
	}
}

// A fork that is not valid is refused, and says why.
func TestForkRefused(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, rolling())
	run, err := rolling().Name.Start(t.Context(), eng, dice{Rolls: []int{1, 2}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		opts engine.ForkOptions
		want string
	}{
		{"no such event", engine.ForkOptions{At: 7}, "keeps no checkpoint of event 7; it keeps those of 1"},
		{"no such step", engine.ForkOptions{Step: "rol1"}, `no step "rol1"; the nearest is "roll`},
		{"no such field", engine.ForkOptions{Set: edits("grd", "1")}, `the nearest is "grid"`},
		{"another kind", engine.ForkOptions{Set: edits("grid.X", `"a"`)}, "grid.X: cannot decode a string into int"},
		{"no JSON", engine.ForkOptions{Set: edits("note", `a b`)}, "note: the value is no JSON"},
		{"no path", engine.ForkOptions{Set: edits("grid..X", `1`)}, "is no path of a field"},
		{"behind the list", engine.ForkOptions{Set: edits("rolls[3]", `1`)}, "the list has 2 elements"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := eng.Fork(t.Context(), run.ID, &tt.opts)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Fork = %v, want %q", err, tt.want)
			}
			if _, ok := errors.AsType[*engine.InputError](err); !ok {
				t.Errorf("Fork = %T, want an *InputError", err)
			}
		})
	}
	if list, err := eng.List(t.Context(), engine.RunFilter{}); err != nil || len(list) != 1 {
		t.Errorf("%d runs, %v; want no fork", len(list), err)
	}
}

// A fork of a run that waits for a signal waits for its own; one that a signal has led on reads that signal.
func TestForkAndSignals(t *testing.T) {
	t.Parallel()
	const word engine.Signal[string] = "word"
	fails := errors.New("no")
	w := engine.Workflow[dice, string]{Name: "told", Signals: []engine.AnySignal{word}, Steps: []engine.Step[dice]{
		{Name: "ask", Do: func(*engine.Context, *dice) (engine.Transition, error) { return word.Await("hear"), nil }},
		{Name: "hear", Do: func(ctx *engine.Context, s *dice) (engine.Transition, error) {
			said, err := word.Payload(ctx)
			if err == nil && s.Note != "mended" {
				err = fails
			}
			return engine.Done(said), err
		}},
	}}
	eng := newEngine(t, w)
	run := func() engine.Run {
		run, err := w.Name.Start(t.Context(), eng, dice{}, nil)
		if err == nil {
			run, err = eng.Execute(t.Context(), run.ID, &engine.ExecuteOptions{Return: true})
		}
		if err != nil || run.Status != engine.Waiting {
			t.Fatalf("run %s, %v; want waiting", run.Status, err)
		}
		return run
	}()
	waiting, err := eng.Fork(t.Context(), run.ID, nil)
	if err != nil || waiting.Status != engine.Waiting || len(waiting.Waiting.Signals) != 1 {
		t.Fatalf("the fork of a waiting run is %s, %v; want waiting", waiting.Status, err)
	}
	if err := word.Send(t.Context(), eng, run.ID, "hello", nil); err != nil {
		t.Fatal(err)
	}
	if run, err = eng.Execute(t.Context(), run.ID, nil); err != nil || run.Status != engine.Failed {
		t.Fatalf("run %s, %v; want failed", run.Status, err)
	}
	led, err := eng.Fork(t.Context(), run.ID, &engine.ForkOptions{Set: edits("note", `"mended"`)})
	if err != nil {
		t.Fatal(err)
	}
	if led, err = eng.Execute(t.Context(), led.ID, nil); err != nil || string(led.Result) != `"hello"` {
		t.Errorf("the fork behind the signal: %s %s %s, %v; want hello", led.Status, led.Error, led.Result, err)
	}
	if still, err := eng.Get(t.Context(), waiting.ID); err != nil || still.Status != engine.Waiting {
		t.Errorf("the other fork is %s, %v: it has heard a signal that was not sent to it", still.Status, err)
	}
}
