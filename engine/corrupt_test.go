package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// The statements that flip a byte: i=2 becomes i=9 in what is still good JSON.
const (
	flipState  = `UPDATE wf_runs SET state = replace(state, '"i":2', '"i":9')`
	flipCopies = `UPDATE wf_checkpoints SET state = replace(state, '"i":', '"j":')`
)

// suspendedAtTwo makes a file with a run that is suspended at i=2 and has one older copy, of i=1.
func suspendedAtTwo(t testing.TB) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "wf.db")
	suspendedAfterOne(t, path)
	mustExec(t, path, "UPDATE wf_runs SET copied_us = 1 << 60")
	executeTo(t, path, 2)
	return path
}

// executeOne executes run 1 and returns it, its history, and what was logged.
func executeOne(t testing.TB, path string, defs ...engine.Definition) (run engine.Run, events []engine.Event, log string) {
	t.Helper()
	var b bytes.Buffer
	eng, err := engine.Open(t.Context(), engine.Config{Path: path, Logger: slog.New(slog.NewTextHandler(&b, nil))}, defs...)
	if err != nil {
		t.Fatal(err)
	}
	if run, err = eng.Execute(t.Context(), 1, nil); err != nil {
		t.Errorf("Execute: %v", err)
	}
	events = history(t, eng, 1)
	if err := eng.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	return run, events, b.String()
}

// P7, nothing is guessed: a corrupt checkpoint falls back loudly to the older copy.
func TestCorruptStateFallsBack(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]string{
		"flipped":   flipState,
		"missing":   "UPDATE wf_runs SET state = NULL",
		"checksum":  "UPDATE wf_runs SET checksum = checksum + 1",
		"truncated": "UPDATE wf_runs SET state = substr(state, 1, length(state) - 1)",
		"counters":  "UPDATE wf_runs SET counters = '[1]'",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := suspendedAtTwo(t)
			mustExec(t, path, damage)
			var seen []int64
			run, events, log := executeOne(t, path, countTo(func(_ *engine.Context, s *count) error {
				seen = append(seen, s.I)
				return nil
			}))
			if run.Status != engine.Completed || string(run.Result) != "6" || !slices.Equal(seen, []int64{1, 2}) {
				t.Errorf("run = %s %s after iterations from %v; want completed 6 after [1 2]", run.Status, run.Result, seen)
			}
			n := slices.IndexFunc(events, func(ev engine.Event) bool { return ev.Kind == "fallback" })
			if n < 0 || !strings.Contains(events[n].Error, "corrupt") || !strings.Contains(string(events[n].Detail), "i=1 ") {
				t.Errorf("history does not tell of the fallback to i=1: %+v", events)
			}
			if !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "falling back") {
				t.Errorf("the log does not tell of the fallback: %q", log)
			}
		})
	}
}

// P7: with no good checkpoint left the run is blocked, and never starts afresh.
func TestAllCorruptBlocks(t *testing.T) {
	t.Parallel()
	path := suspendedAtTwo(t)
	mustExec(t, path, flipState)
	mustExec(t, path, flipCopies)
	for range 2 { // resuming mends nothing
		run, _, log := executeOne(t, path, countTo(func(*engine.Context, *count) error {
			t.Error("the step ran")
			return nil
		}))
		if run.Status != engine.Blocked || !strings.Contains(run.Reason, "corrupt") || !strings.Contains(log, "level=ERROR") {
			t.Fatalf("run = %s %q, log %q; want blocked, loudly, because it is corrupt", run.Status, run.Reason, log)
		}
		withEngine(t, path, func(eng *engine.Engine) {
			if run, err := eng.Resume(t.Context(), 1, nil); err != nil || run.Status != engine.Pending {
				t.Fatalf("Resume = %s, %v; want pending", run.Status, err)
			}
		}, countTo(nil))
	}
}

func TestCheckFindsCorruptCheckpoints(t *testing.T) {
	t.Parallel()
	path := suspendedAtTwo(t)
	mustExec(t, path, flipState)
	mustExec(t, path, flipCopies)
	var found []string
	withEngine(t, path, func(eng *engine.Engine) {
		if err := eng.Check(t.Context(), func(f engine.Finding) { found = append(found, f.Kind) }); err != nil {
			t.Fatal(err)
		}
		states, err := eng.States(t.Context(), 1)
		if err != nil || len(states) != 2 || states[0].Bad == "" || states[1].Bad == "" || !states[1].Current {
			t.Errorf("States = %+v, %v; want two bad ones", states, err)
		}
	}, countTo(nil))
	if !slices.Equal(found, []string{"checksum", "checksum"}) {
		t.Errorf("Check finds %q, want two of checksum", found)
	}
}

// The random state is part of a checkpoint: one that does not decode is not taken for a fresh generator.
func TestCorruptRandomStateBlocks(t *testing.T) {
	t.Parallel()
	path := suspendedAtTwo(t)
	mustExec(t, path, "UPDATE wf_runs SET random = x'00'")
	run, _, _ := executeOne(t, path, countTo(func(*engine.Context, *count) error {
		t.Error("the step ran")
		return nil
	}))
	if run.Status != engine.Blocked || !strings.Contains(run.Reason, "random generator") {
		t.Errorf("run = %s %q, want blocked because of the random generator", run.Status, run.Reason)
	}
}

func TestCorruptRecordBlocks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	call := func(fail bool) engine.Workflow[count, int64] {
		return countTo(func(ctx *engine.Context, _ *count) error {
			_, err := engine.Do(ctx, "draw", noted(t, !fail))
			if fail {
				return errors.New("after the call")
			}
			return err
		})
	}
	failing := call(true)
	failing.Steps[0].Retry = engine.Retry{Attempts: -1, Initial: 1}
	withEngine(t, path, func(eng *engine.Engine) {
		run, _, err := eng.StartHere(t.Context(), "counting", []byte(`{"n":1}`), nil)
		if err != nil {
			t.Fatal(err)
		}
		if run, err = eng.Execute(t.Context(), run.ID, &engine.ExecuteOptions{Return: true}); err != nil || run.Status != engine.Waiting {
			t.Fatalf("Execute = %s, %v; want waiting", run.Status, err)
		}
	}, failing)
	mustExec(t, path, "UPDATE wf_calls SET value = '8' WHERE value = '7'")
	run, _, _ := executeOne(t, path, call(false))
	if run.Status != engine.Blocked || !strings.Contains(run.Reason, `call "draw" is corrupt`) {
		t.Errorf("run = %s %q, want blocked because of the call", run.Status, run.Reason)
	}
}

// P2, one truth: resume reads the run's row and never its history.
func TestResumeNeverReadsTheHistory(t *testing.T) {
	t.Parallel()
	path := suspendedAtTwo(t)
	mustExec(t, path, "DELETE FROM wf_history")
	mustExec(t, path, "DELETE FROM wf_checkpoints")
	run, _, _ := executeOne(t, path, countTo(nil))
	if run.Status != engine.Completed || string(run.Result) != "6" {
		t.Errorf("run = %s %s, want completed 6", run.Status, run.Result)
	}
}

// The ways in which a program may have changed since it wrote the state {"n":3,"i":2,"total":3}.
func TestChangedDefinitions(t *testing.T) {
	t.Parallel()
	type more struct {
		N     int64  `json:"n"`
		I     int64  `json:"i"`
		Total int64  `json:"total"`
		Note  string `json:"note"`
	}
	type less struct {
		N int64 `json:"n"`
		I int64 `json:"i"`
	}
	type retyped struct {
		N     int64  `json:"n"`
		I     int64  `json:"i"`
		Total string `json:"total"`
	}
	newer := countTo(nil)
	newer.Version = 2
	renamed := countTo(nil)
	renamed.Steps[0].Name = "addd"
	replaced := countTo(nil)
	replaced.Steps[0].Name = "multiply"
	tests := []struct {
		name string
		def  engine.Definition
		want string // the result, or the reason why it is blocked
	}{
		{"unchanged", countTo(nil), "6"},
		{"newer and compatible", newer, "6"},
		{"field added", total(1, nil, func(s *more) int64 { return s.Total }), "3"},
		{"field removed", total(1, nil, func(s *less) int64 { return s.I }), "total"},
		{"field retyped", total(1, nil, func(s *retyped) int64 { return s.I }), "total"},
		{"field removed, version raised", total(2, nil, func(s *less) int64 { return s.I }), "total"},
		{"migrated", total(2, func(version int, state []byte) (s less, err error) {
			var old count
			err = json.Unmarshal(state, &old)
			return less{N: int64(version), I: old.Total * 100}, err
		}, func(s *less) int64 { return s.N + s.I }), "301"},
		{"migration fails", total(2, func(int, []byte) (less, error) { return less{}, errors.New("cannot") },
			func(s *less) int64 { return s.I }), "migrating the state from version 1: cannot"},
		{"older program", total(0, nil, func(s *count) int64 { return s.I }), "written by version 1 of the workflow, this program has version 0"},
		{"unknown step", renamed, `version 1 has no step "add"; the nearest is "addd"`},
		{"unknown step, none near", replaced, `version 1 has no step "add"; there is "multiply"`},
		{"unknown workflow", engine.Workflow[count, int64]{Name: "else", Steps: countTo(nil).Steps}, `no workflow "counting"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := suspendedAtTwo(t)
			run, _, _ := executeOne(t, path, tt.def)
			switch {
			case run.Status == engine.Completed && string(run.Result) == tt.want:
				return
			case run.Status != engine.Blocked || !strings.Contains(run.Reason, tt.want):
				t.Fatalf("run = %s, result %s, reason %q; want %s", run.Status, run.Result, run.Reason, tt.want)
			}
			withEngine(t, path, func(eng *engine.Engine) { // and a program that fits moves it on
				if _, err := eng.Resume(t.Context(), 1, nil); err != nil {
					t.Fatal(err)
				}
			}, countTo(nil))
			if run, _, _ := executeOne(t, path, countTo(nil)); string(run.Result) != "6" {
				t.Errorf("with the program that fits: %s %s %q, want 6", run.Status, run.Result, run.Reason)
			}
		})
	}
}

// total is a program of the workflow counting that gives a number made of the state it finds.
func total[S any](version int, migrate func(int, []byte) (S, error), of func(*S) int64) engine.Workflow[S, int64] {
	return engine.Workflow[S, int64]{
		Name: engine.Name[S, int64](counting), Version: version, Migrate: migrate,
		Steps: []engine.Step[S]{{Name: "add", Do: func(_ *engine.Context, s *S) (engine.Transition, error) {
			return engine.Done(of(s)), nil
		}}},
	}
}

// A step that was renamed is no guess of the engine: a person says where the run goes on.
func TestResumeMovesToAnotherStep(t *testing.T) {
	t.Parallel()
	renamed := countTo(nil)
	renamed.Steps[0].Name = "adding"
	for name, opts := range map[string]*engine.ResumeOptions{
		"map":  {Map: map[string]string{"add": "adding", "other": "nowhere"}},
		"from": {From: "adding"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := suspendedAtTwo(t)
			if run, _, _ := executeOne(t, path, renamed); run.Status != engine.Blocked {
				t.Fatalf("run = %s, want blocked", run.Status)
			}
			withEngine(t, path, func(eng *engine.Engine) {
				if why, err := eng.Why(t.Context(), 1); err != nil || !strings.HasSuffix(why.Remedy, " resume 1 --map add=NEW") {
					t.Errorf("Why = %+v, %v; want a remedy with --map", why, err)
				}
				_, err := eng.Resume(t.Context(), 1, &engine.ResumeOptions{From: "addin"})
				if refused, ok := errors.AsType[*engine.InputError](err); !ok || !strings.Contains(refused.Error(), `nearest is "adding"`) {
					t.Errorf("Resume from addin = %v, want an InputError that names adding", err)
				}
				visit := map[string]int{"map": 1, "from": 2}[name] // another name is no new visit
				run, err := eng.Resume(t.Context(), 1, opts)
				if err != nil || run.Step != "adding" || run.Visit != visit || run.Status != engine.Pending {
					t.Fatalf("Resume = %s at %s, visit %d, %v; want pending at adding, visit %d", run.Status, run.Step, run.Visit, err, visit)
				}
			}, renamed)
			run, events, _ := executeOne(t, path, renamed)
			if run.Status != engine.Completed || string(run.Result) != "6" {
				t.Errorf("run = %s %s %q, want completed 6", run.Status, run.Result, run.Reason)
			}
			n := slices.IndexFunc(events, func(ev engine.Event) bool { return ev.Kind == "resumed" })
			if n < 0 || events[n].Step != "add" || events[n].Next != "adding" {
				t.Errorf("history does not tell of the move: %+v", events)
			}
		})
	}
}

// noted returns a call that gives 7 and must not be made if forbidden.
func noted(t testing.TB, forbidden bool) func(context.Context) (int, error) {
	return func(context.Context) (int, error) {
		if forbidden {
			t.Error("the call was made")
		}
		return 7, nil
	}
}
