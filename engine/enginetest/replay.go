package enginetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/engine"
)

// ReplayOptions are the extras of [Replay]. nil means none.
type ReplayOptions struct {
	// Execute lets the runs go on: those that have not ended, and those that have completed once more from the
	// input that their history tells. The steps do what they do, so give Replay definitions whose outside is
	// made up.
	Execute bool
	// Config of the engine, whose Path is not used.
	Config engine.Config
	// Skip leaves out the runs for which it returns true. nil leaves out none.
	Skip func(engine.Run) bool
}

// Replay checks that what older code has left behind fits the definitions of today. path is a backup of a
// database (see wf backup) or an archive; it is copied, and the copy migrated, so that it stays as it is and
// may be committed beside the test. Each run in it is a subtest, which fails
//
//   - for what [engine.Engine.Fits] finds: steps, signals or fields that are no more, moves that are forbidden;
//   - with Execute, if a run that had not ended is blocked or fails;
//   - with Execute, if a run that had completed, and was not spawned by another, comes to another result when it
//     is started again with the same input and seed. It is skipped if its input was too large for the history.
//
// A run that waits for a signal or is paused is left there. Time passes at once. opts may be nil.
func Replay(t *testing.T, path string, opts *ReplayOptions, defs ...engine.Definition) {
	t.Helper()
	if opts == nil {
		opts = &ReplayOptions{}
	}
	replay(t, path, opts, defs, func(name string, fn func(testing.TB)) { t.Run(name, func(t *testing.T) { fn(t) }) })
}

func replay(t testing.TB, path string, opts *ReplayOptions, defs []engine.Definition, subtest func(string, func(testing.TB))) {
	t.Helper()
	e := openCopy(t, path, opts, defs)
	var runs []engine.Run
	var faults []error
	for _, run := range runsOf(t, e.Engine) {
		if opts.Skip == nil || !opts.Skip(run) {
			runs, faults = append(runs, run), append(faults, e.Fits(t.Context(), run.ID))
		}
	}
	if opts.Execute {
		e.serve()
	}
	for i := len(runs) - 1; i >= 0; i-- { // oldest first
		run, fault := runs[i], faults[i]
		subtest(fmt.Sprintf("run %d %s", run.ID, run.Workflow), func(t testing.TB) {
			switch {
			case fault != nil:
				t.Errorf("run %d, %s in step %q, does not fit:\n  %s", run.ID, run.Status, run.Step, strings.ReplaceAll(fault.Error(), "\n", "\n  "))
			case opts.Execute:
				e.with(t).again(run)
			}
		})
	}
}

// openCopy opens a copy of a database, at the time at which it was written last.
func openCopy(t testing.TB, path string, opts *ReplayOptions, defs []engine.Definition) *Engine {
	t.Helper()
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		t.Fatalf("%s is in use, or its program has died: make a copy of it with wf backup", path)
	}
	cfg := opts.Config
	cfg.Path = filepath.Join(t.TempDir(), filepath.Base(path))
	err := copyFile(cfg.Path, path)
	if err == nil {
		err = copyFolder(cfg.Path+"-files", path+"-files")
	}
	if err != nil {
		t.Fatalf("copying: %v", err)
	}
	eng, err := engine.Open(t.Context(), cfg, defs...)
	if errors.Is(err, engine.ErrArchive) {
		if opts.Execute {
			t.Fatalf("%s is an archive, in which nothing can be executed", path)
		}
		cfg.Access = engine.ReadOnly
		eng, err = engine.Open(t.Context(), cfg, defs...)
	}
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	now := time.Now()
	for _, run := range runsOf(t, eng) {
		if run.Updated.After(now) {
			now = run.Updated
		}
	}
	if err := eng.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	return Open(t, &Options{Config: cfg, Now: now, idle: true}, defs...)
}

func copyFile(dst, src string) error {
	data, err := os.ReadFile(src)
	if err != nil {
		return err
	}
	return os.WriteFile(dst, data, 0o600)
}

func copyFolder(dst, src string) error {
	if _, err := os.Stat(src); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return os.CopyFS(dst, os.DirFS(src))
}

// again executes a run that was there.
func (e *Engine) again(was engine.Run) {
	e.t.Helper()
	switch {
	case was.Status == engine.Completed && was.Parent == 0:
		e.repeat(was)
	case was.Status.Ended() || was.Status == engine.Paused:
	default:
		e.goOn(was)
	}
}

// goOn lets a run that had not ended go on.
func (e *Engine) goOn(was engine.Run) {
	e.t.Helper()
	if was.Status == engine.Blocked || was.Status == engine.Suspended {
		if _, err := e.Resume(e.t.Context(), was.ID, nil); err != nil {
			e.t.Fatalf("resuming run %d, which was %s: %v", was.ID, was.Status, err)
		}
	}
	now := e.outcome(was.ID)
	if now.Status == engine.Blocked || now.Status == engine.Failed && was.Ending != engine.Failed {
		e.t.Errorf("it was %s in step %q, and this is what became of it: %s", was.Status, was.Step, e.story(now))
	}
}

// repeat starts a run that has completed once more, and compares the results.
func (e *Engine) repeat(was engine.Run) {
	e.t.Helper()
	input, ok := e.input(was)
	if !ok {
		e.t.Skipf("run %d: the history does not tell its input", was.ID)
	}
	run, err := e.Start(e.t.Context(), was.Workflow, input, &engine.StartOptions{Seed: &was.Seed, Checkpoint: was.Policy, Retry: was.Retry, Timeout: was.Timeout})
	if _, ok := errors.AsType[*engine.InputError](err); ok && was.Version < e.version(was.Workflow) {
		e.t.Skipf("run %d: its input was for version %d: %v", was.ID, was.Version, err)
	}
	if err != nil {
		e.t.Fatalf("starting %q again with the input of run %d: %v", was.Workflow, was.ID, err)
	}
	run = e.outcome(run.ID)
	switch run.Status {
	case engine.Completed:
		if diff := cmp.Diff(document(was.Result), document(run.Result)); diff != "" {
			e.t.Errorf("another result (- then, + now):\n%s%s", diff, e.story(run))
		}
	case engine.Waiting:
		e.t.Logf("left where it waits: %s", e.story(run))
	default:
		e.t.Errorf("it had completed, and this is what became of it now: %s", e.story(run))
	}
}

func (e *Engine) version(workflow string) int {
	for _, w := range e.Workflows() {
		if w.Name == workflow {
			return w.Version
		}
	}
	return 0
}

// outcome waits until a run has ended or nothing moves it on.
func (e *Engine) outcome(id int64) engine.Run {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(e.t.Context(), e.patience)
	defer cancel()
	ctx, leave := e.strand(ctx)
	defer leave()
	run, err := await(ctx, e.Engine, id)
	if err != nil && !errors.Is(err, errStranded) {
		e.t.Fatalf("waiting for run %d: %v: %s", id, err, e.story(run))
	}
	return run
}

// input returns the state with which a run was started.
func (e *Engine) input(run engine.Run) (json.RawMessage, bool) {
	e.t.Helper()
	events, err := e.History(e.t.Context(), engine.HistoryFilter{Run: run.ID, Kinds: []string{"created"}, Limit: 1})
	if err != nil {
		e.t.Fatalf("History: %v", err)
	}
	var said struct {
		Input json.RawMessage `json:"input"`
	}
	if len(events) == 0 || json.Unmarshal(events[0].Detail, &said) != nil {
		return nil, false
	}
	return said.Input, said.Input != nil
}

// document decodes JSON for a comparison; what does not decode is compared as text.
func document(doc json.RawMessage) any {
	var v any
	if json.Unmarshal(doc, &v) != nil {
		return string(doc)
	}
	return v
}
