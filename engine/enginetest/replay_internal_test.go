package enginetest

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

type trek struct {
	Days int `json:"days" help:"how many"`
	Sum  int `json:"sum"`
}

type longTrek struct {
	Days  int `json:"days" help:"how many"`
	Miles int `json:"miles"` // was sum
}

const (
	trekking     engine.Name[trek, int]     = "trek"
	longTrekking engine.Name[longTrek, int] = "trek"
	called       engine.Signal[int]         = "called"
)

// treks sleeps for a day, and then for the others, and awaits a call if there are none.
func treks() engine.Workflow[trek, int] {
	return engine.Workflow[trek, int]{Name: trekking, Version: 1, Signals: []engine.AnySignal{called}, Steps: []engine.Step[trek]{
		{Name: "first", Do: func(_ *engine.Context, s *trek) (engine.Transition, error) {
			if s.Sum++; s.Days == 0 {
				return called.Await("last"), nil
			}
			return engine.Sleep(24*time.Hour, "rest"), nil
		}},
		{Name: "rest", Do: func(_ *engine.Context, s *trek) (engine.Transition, error) {
			s.Sum++
			return engine.Sleep(time.Duration(s.Days)*24*time.Hour, "last"), nil
		}},
		{Name: "last", Do: func(_ *engine.Context, s *trek) (engine.Transition, error) {
			if s.Days < 0 {
				return engine.Transition{}, errors.New("not yet")
			}
			return trekking.Done(s.Sum * s.Days), nil
		}, Retry: engine.Retry{Attempts: 10, Initial: time.Hour, Max: time.Hour}},
	}}
}

// leftBehind makes a file with a run that has completed, one that sleeps in the middle, one that is retried and
// one that awaits a signal.
func leftBehind(t *testing.T) (path string) {
	t.Helper()
	e := Open(t, &Options{Time: ByHand}, treks())
	Start(e, trekking, trek{Days: 2}, nil)
	e.Advance(10 * 24 * time.Hour)
	Start(e, trekking, trek{Days: 30}, nil)
	Start(e, trekking, trek{Days: -1}, nil)
	Start(e, trekking, trek{}, nil)
	e.Advance(25 * time.Hour)
	path = filepath.Join(t.TempDir(), "old.db")
	if err := e.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	return path
}

func replaying(path string, opts ReplayOptions, defs ...engine.Definition) func(testing.TB) {
	return func(t testing.TB) {
		replay(t, path, &opts, defs, func(_ string, fn func(testing.TB)) {
			over := make(chan struct{})
			go func() { // ends with the subtest, which is waited for
				defer close(over)
				fn(t)
			}()
			<-over
		})
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	path := leftBehind(t)
	repaired := treks()
	repaired.Steps[2].Do = func(_ *engine.Context, s *trek) (engine.Transition, error) { return trekking.Done(s.Sum * s.Days), nil }
	Replay(t, path, nil, repaired)
	Replay(t, path, &ReplayOptions{Execute: true}, repaired)
}

func TestReplayFinds(t *testing.T) {
	t.Parallel()
	path := leftBehind(t)
	renamed := treks()
	renamed.Steps[2].Name = "latest"
	forbidden := treks()
	forbidden.Steps[1].To = []string{"first"}
	forbidden.Steps[0].To = []string{"last"} // and the one that follows
	forbidden.Steps = append(forbidden.Steps[:1:1], forbidden.Steps[2], forbidden.Steps[1])
	deaf := treks()
	deaf.Signals = nil
	other := treks()
	other.Steps[2].Do = func(_ *engine.Context, s *trek) (engine.Transition, error) { return trekking.Done(s.Sum), nil }
	failing := treks()
	failing.Steps[2].Do = func(*engine.Context, *trek) (engine.Transition, error) {
		return engine.Transition{}, engine.Permanent(errors.New("road closed"))
	}
	tests := []struct {
		name    string
		execute bool
		def     engine.Definition
		words   []string
	}{
		{"unknown workflow", false, engine.Workflow[trek, int]{Name: "treks", Steps: treks().Steps}, []string{`run 1`, `"trek"`, `the nearest is "treks"`}},
		{"renamed step", false, renamed, []string{`run 2, waiting in step "last", does not fit`, `it has no step "last"; the nearest is "latest"`}},
		{"forbidden move", false, forbidden, []string{`step "first" went to "rest" (seq 2), which is not in its To any more`}},
		{"undeclared signal", false, deaf, []string{`waits for a signal "called" that is not declared`}},
		{"renamed field", false, migrating(nil), []string{`run 2`, `sum`}},
		{"migration that fails", false, migrating(func(int, []byte) (longTrek, error) { return longTrek{}, errors.New("no way") }), []string{"run 2", "no way"}},
		{"another result", true, other, []string{"another result", "4", "2"}},
		{"a run that fails now", true, failing, []string{"it was waiting in step \"last\"", "road closed", "it had completed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			mustFail(t, replaying(path, ReplayOptions{Execute: tt.execute}, tt.def), tt.words...)
		})
	}
}

// migrating is a workflow whose state has changed.
func migrating(migrate func(int, []byte) (longTrek, error)) engine.Workflow[longTrek, int] {
	do := func(*engine.Context, *longTrek) (engine.Transition, error) { return longTrekking.Done(1), nil }
	return engine.Workflow[longTrek, int]{Name: longTrekking, Version: 2, Migrate: migrate, Signals: []engine.AnySignal{called}, Steps: []engine.Step[longTrek]{
		{Name: "first", Do: do}, {Name: "rest", Do: do}, {Name: "last", Do: do},
	}}
}

// The file itself stays as it is.
func TestReplayLeavesTheFileAlone(t *testing.T) {
	t.Parallel()
	path := leftBehind(t)
	Replay(t, path, &ReplayOptions{Execute: true, Skip: func(r engine.Run) bool { return r.ID == 3 }}, treks())
	eng, err := engine.Open(context.Background(), engine.Config{Path: path}, treks())
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close() //nolint:errcheck // nothing was written
	if run, err := eng.Get(t.Context(), 2); err != nil || run.Status != engine.Waiting {
		t.Errorf("run 2 is %s, error %v, want waiting", run.Status, err)
	}
}

func TestReplayOfAnArchive(t *testing.T) {
	t.Parallel()
	e := New(t, treks())
	Run(e, trekking, trek{Days: 2}, nil)
	e.Advance(time.Hour)
	if _, err := e.Archive(t.Context(), engine.Retention{}); err != nil {
		t.Fatal(err)
	}
	files, err := e.Archives()
	if err != nil || len(files) != 1 {
		t.Fatalf("archives = %v, %v", files, err)
	}
	Replay(t, files[0], nil, treks())
	forbidden := treks()
	forbidden.Steps[0].To = []string{}
	forbidden.Steps = append(forbidden.Steps[:1:1], forbidden.Steps[2], forbidden.Steps[1])
	mustFail(t, replaying(files[0], ReplayOptions{}, forbidden), `step "first" went to "rest"`)
}
