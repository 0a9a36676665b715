package engine_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// count is the state of the workflows that these tests run: a loop that adds 1 to n.
type count struct {
	N     int64 `json:"n" help:"how far to count"`
	I     int64 `json:"i"`
	Total int64 `json:"total"`
}

const counting engine.Name[count, int64] = "counting"

// countTo is the article's loop, with a hook before each iteration.
func countTo(hook func(ctx *engine.Context, s *count) error) engine.Workflow[count, int64] {
	return engine.Workflow[count, int64]{
		Name: counting, Version: 1,
		Validate: func(s *count) error {
			if s.N < 0 {
				return errors.New("n must not be negative")
			}
			return nil
		},
		Steps: []engine.Step[count]{{Name: "add", Do: func(ctx *engine.Context, s *count) (engine.Transition, error) {
			for s.I < s.N {
				if hook != nil {
					if err := hook(ctx, s); err != nil {
						return engine.Transition{}, err
					}
				}
				s.I++
				s.Total += s.I
				if ctx.Due() {
					if err := ctx.Save(); err != nil {
						return engine.Transition{}, err
					}
				}
			}
			return counting.Done(s.Total), nil
		}}},
	}
}

// newEngine opens an engine on a new file and checks the file when the test ends.
func newEngine(t testing.TB, defs ...engine.Definition) *engine.Engine {
	t.Helper()
	return openEngine(t, engine.Config{Path: filepath.Join(t.TempDir(), "wf.db")}, defs...)
}

func openEngine(t testing.TB, cfg engine.Config, defs ...engine.Definition) *engine.Engine {
	t.Helper()
	return openEngineIn(t, context.Background(), cfg, defs...)
}

func openEngineIn(t testing.TB, ctx context.Context, cfg engine.Config, defs ...engine.Definition) *engine.Engine {
	t.Helper()
	eng, err := engine.Open(ctx, cfg, defs...)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if !t.Failed() && cfg.Access != engine.ReadOnly {
			mustBeSound(t, eng)
		}
		if err := eng.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return eng
}

// mustBeSound checks integrity and hash chains of the whole file.
func mustBeSound(t testing.TB, eng *engine.Engine) {
	t.Helper()
	found := func(f engine.Finding) { t.Errorf("found %v", f) }
	if err := eng.Check(context.Background(), found); err != nil {
		t.Errorf("Check: %v", err)
	}
	if err := eng.Verify(context.Background(), 0, found); err != nil {
		t.Errorf("Verify: %v", err)
	}
}

// serve runs the engine's workers until the test ends.
func serve(t testing.TB, eng *engine.Engine) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- eng.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
}

// kinds returns the kinds of a run's events in order.
func kinds(t testing.TB, eng *engine.Engine, id int64) []string {
	t.Helper()
	var list []string
	for _, ev := range history(t, eng, id) {
		list = append(list, ev.Kind)
	}
	return list
}

func history(t testing.TB, eng *engine.Engine, id int64) []engine.Event {
	t.Helper()
	events, err := eng.History(t.Context(), engine.HistoryFilter{Run: id})
	if err != nil {
		t.Fatalf("History(%d): %v", id, err)
	}
	return events
}

// oneStep is a workflow of one step.
func oneStep(name string, do func(*engine.Context, *count) (engine.Transition, error)) engine.Workflow[count, int64] {
	return engine.Workflow[count, int64]{Name: engine.Name[count, int64](name), Steps: []engine.Step[count]{{Name: "only", Do: do}}}
}
