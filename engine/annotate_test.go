package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// notes returns the notes in the history of a run, by the kind of the event that has them.
func notes(t *testing.T, eng *engine.Engine, id int64) map[string]string {
	t.Helper()
	found := map[string]string{}
	events, err := eng.History(t.Context(), engine.HistoryFilter{Run: id})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		for name, value := range engine.NotesOf(e) {
			found[e.Kind+" "+name] += string(value)
		}
	}
	return found
}

func mustEqual(t *testing.T, got, want map[string]string) {
	t.Helper()
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s = %q, want %q", k, got[k], v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("notes %v, want %v", got, want)
	}
}

// Notes of an attempt are in the event by which it was committed, also if it fails (P3: nothing but its audit row).
func TestNotesSurviveTheFailureOfTheirAttempt(t *testing.T) {
	t.Parallel()
	tries := 0
	eng := newEngine(t, countTo(func(ctx *engine.Context, s *count) error {
		if s.I == 0 {
			tries++
			ctx.Annotate("pid", 100+tries)
		}
		if s.I == 2 && tries == 1 {
			ctx.Annotate("exit", map[string]int{"code": 3})
			ctx.Annotate("exit", map[string]int{"code": 4})
			return errors.New("broken")
		}
		return nil
	}))
	run, err := counting.Start(t.Context(), eng, count{N: 3}, &engine.StartOptions{Retry: &engine.Retry{Attempts: 2, Initial: time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	if run, err = eng.Execute(t.Context(), run.ID, nil); err != nil || run.Status != engine.Completed {
		t.Fatalf("%s, %v", run.Status, err)
	}
	mustEqual(t, notes(t, eng, run.ID), map[string]string{"attempt pid": "101", "attempt exit": `{"code":4}`, "completed pid": "102"})
}

func TestNotesGoWithCheckpoints(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, countTo(func(ctx *engine.Context, s *count) error {
		if s.I == 1 {
			ctx.Annotate("host", "here")
		}
		return nil
	}))
	if _, err := counting.Run(t.Context(), eng, count{N: 3}, &engine.StartOptions{Checkpoint: engine.Checkpoint{Every: 2}}); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, notes(t, eng, 1), map[string]string{"checkpoint host": `"here"`})
}

func TestNotesAreBounded(t *testing.T) {
	t.Parallel()
	for name, note := range map[string]any{"too long": strings.Repeat("x", 20<<10), "no JSON": make(chan int)} {
		eng := newEngine(t, countTo(func(ctx *engine.Context, _ *count) error {
			ctx.Annotate("note", note)
			return nil
		}))
		if _, err := counting.Run(t.Context(), eng, count{N: 1}, nil); err == nil || !strings.Contains(err.Error(), `note "note"`) {
			t.Errorf("%s: error %v, want one that names the note", name, err)
		}
	}
}

// Retry and Timeout of a start are the narrowest policies, also for whoever takes the run over.
func TestStartOptionsRetryAndTimeout(t *testing.T) {
	t.Parallel()
	tries := 0
	eng := newEngine(t, countTo(func(*engine.Context, *count) error { tries++; return errors.New("no") }))
	run, err := counting.Start(t.Context(), eng, count{N: 1}, &engine.StartOptions{Retry: &engine.Retry{Attempts: 3, Initial: time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	if run, err = eng.Execute(t.Context(), run.ID, nil); err != nil || run.Status != engine.Failed || tries != 3 || run.Retry.Attempts != 3 {
		t.Errorf("%s after %d attempts (%+v), %v; want failed after 3", run.Status, tries, run.Retry, err)
	}
	slow := newEngine(t, countTo(func(ctx *engine.Context, _ *count) error { <-ctx.Done(); return ctx.Err() }))
	_, err = counting.Run(t.Context(), slow, count{N: 1}, &engine.StartOptions{Timeout: 10 * time.Millisecond})
	if !errors.Is(err, engine.ErrStepTimeout) && (err == nil || !strings.Contains(err.Error(), "timed out after 10ms")) {
		t.Errorf("error %v, want a step time-out after 10ms", err)
	}
	if _, err := counting.Start(t.Context(), slow, count{N: 1}, &engine.StartOptions{Timeout: -1, Retry: &engine.Retry{Factor: 0.5}}); err == nil ||
		!strings.Contains(err.Error(), "timeout") || !strings.Contains(err.Error(), "factor") {
		t.Errorf("error %v, want both faults", err)
	}
}

// Three suspect failures at one checkpoint in a row give it up: the run goes on from the one before.
func TestSuspectFailuresFallBack(t *testing.T) {
	t.Parallel()
	var starts []int64
	eng := newEngine(t, engine.Workflow[count, int64]{Name: counting, Steps: []engine.Step[count]{
		{Name: "a", Do: func(_ *engine.Context, s *count) (engine.Transition, error) { s.I = 1; return engine.Next(), nil }},
		{Name: "b", Do: func(ctx *engine.Context, s *count) (engine.Transition, error) {
			starts = append(starts, s.I)
			if len(starts) == 1 {
				time.Sleep(1100 * time.Millisecond) // so old a checkpoint is kept when the next one comes
				for s.I = 1; s.I <= 2; s.I++ {
					if err := ctx.Save(); err != nil {
						return engine.Transition{}, err
					}
				}
				s.I = 2
			}
			if s.I == 2 {
				return engine.Transition{}, engine.Suspect(errors.New("crashed"))
			}
			return counting.Done(s.I), nil
		}},
	}})
	got, err := counting.Run(t.Context(), eng, count{}, &engine.StartOptions{
		Checkpoint: engine.Checkpoint{Every: 1}, Retry: &engine.Retry{Attempts: 6, Initial: time.Millisecond},
	})
	if err != nil || got != 1 {
		t.Fatalf("result %d, %v (starts %v), want 1: from the checkpoint before", got, err, starts)
	}
	if want := 4; len(starts) != want || starts[3] != 1 {
		t.Errorf("attempts began at %v, want 1, 2, 2 and then 1", starts)
	}
}

// A run's folder goes with the run: into a backup, an archive, and away when it is pruned.
func TestFolderGoesWithItsRun(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, countTo(func(ctx *engine.Context, _ *count) error {
		dir, err := ctx.Folder()
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(dir, "deep"), 0o700); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, "deep", "log"), []byte("said"), 0o600)
	}))
	for range 2 {
		if _, err := counting.Run(t.Context(), eng, count{N: 1}, nil); err != nil {
			t.Fatal(err)
		}
	}
	has := func(folder string) bool {
		text, err := os.ReadFile(filepath.Join(folder, "deep", "log"))
		return err == nil && string(text) == "said"
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := eng.Backup(t.Context(), copied); err != nil || !has(copied+"-runs/2") {
		t.Errorf("backup: %v, folder there: %t", err, has(copied+"-runs/2"))
	}
	if removed, err := eng.Archive(t.Context(), engine.Retention{}); err != nil || removed.Runs != 2 || has(eng.Folder(1)) {
		t.Errorf("archive: %+v, %v, folder still there: %t", removed, err, has(eng.Folder(1)))
	}
	files, err := eng.Archives()
	if err != nil || len(files) != 1 || !has(files[0]+"-runs/1") || !has(files[0]+"-runs/2") {
		t.Errorf("archives %v, %v: the folders are not there", files, err)
	}
	if _, err := counting.Run(t.Context(), eng, count{N: 1}, nil); err != nil || !has(eng.Folder(3)) {
		t.Fatalf("run 3: %v, folder there: %t", err, has(eng.Folder(3)))
	}
	if _, err := eng.Prune(t.Context(), engine.Retention{}); err != nil || has(eng.Folder(3)) {
		t.Errorf("prune: %v, folder still there: %t", err, has(eng.Folder(3)))
	}
}
