package engine_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

type descent struct {
	N int64 `json:"n"`
}

// descend saves at each step of a series of residuals, of which the third is the best.
func descend(preserve engine.Preserve) engine.Workflow[descent, int64] {
	residuals := []float64{8, 4, 1, 2, 16, 32}
	return engine.Workflow[descent, int64]{
		Name: "descend", Preserve: preserve,
		Steps: []engine.Step[descent]{{Name: "go", Do: func(ctx *engine.Context, s *descent) (engine.Transition, error) {
			for i := range engine.Range(ctx, &s.N, int64(len(residuals))) {
				ctx.Metric("residual", residuals[i])
				s.N = i + 1
				if err := ctx.Save(); err != nil {
					return engine.Transition{}, err
				}
				s.N = i
			}
			return engine.Done(s.N), nil
		}}},
	}
}

// The widest policy that says something holds, is stored with the run, and forks have it, too. The best
// checkpoint is kept with the reason.
func TestPreservePolicies(t *testing.T) {
	t.Parallel()
	w := descend(engine.Preserve{Last: 2, Best: "residual"})
	eng := openEngine(t, engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), Preserve: engine.Preserve{Last: 9, Spaced: -1}}, w)
	run, err := w.Name.Start(t.Context(), eng, descent{}, &engine.StartOptions{Keep: engine.KeepAll, Preserve: engine.Preserve{Bytes: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	want := engine.Preserve{Last: 2, Spaced: -1, Bytes: 1000, Best: "residual"}
	if run.Preserve != want {
		t.Errorf("the run preserves %+v, want %+v", run.Preserve, want)
	}
	if _, err := eng.Execute(t.Context(), run.ID, nil); err != nil {
		t.Fatal(err)
	}
	kept, err := eng.States(t.Context(), run.ID)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(kept, func(v engine.StateVersion) bool { return slices.Contains(v.Kept, "best residual=1") })
	if i < 0 || !strings.Contains(string(kept[i].State), `"n":3`) || kept[i].Active <= 0 {
		t.Errorf("the checkpoints are %+v; want the third as the best, with the time spent on it", kept)
	}
	fork, err := eng.Fork(t.Context(), run.ID, nil)
	if err != nil || fork.Preserve != want {
		t.Errorf("the fork preserves %+v, %v; want %+v", fork.Preserve, err, want)
	}
}

// A start that asks for what cannot be says so.
func TestPreserveFaults(t *testing.T) {
	t.Parallel()
	w := descend(engine.Preserve{})
	eng := newEngine(t, w)
	for _, p := range []engine.Preserve{{Last: -1}, {Last: 5000}, {Spaced: 5000}, {Best: ":max"}, {Best: strings.Repeat("x", 500)}} {
		if _, err := w.Name.Start(t.Context(), eng, descent{}, &engine.StartOptions{Preserve: p}); err == nil {
			t.Errorf("a start with %+v is accepted", p)
		}
	}
}

// Time in steps counts as far as it was saved, though the process died.
func TestActiveTimeIsSaved(t *testing.T) {
	t.Parallel()
	w := engine.Workflow[descent, int64]{Name: "busy", Steps: []engine.Step[descent]{{Name: "go", Do: func(ctx *engine.Context, s *descent) (engine.Transition, error) {
		for begun := time.Now(); time.Since(begun) < 5*time.Millisecond; {
			s.N++
		}
		return engine.Done(s.N), ctx.Save()
	}}}}
	eng := newEngine(t, w)
	run, err := w.Name.Start(t.Context(), eng, descent{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if run, err = eng.Execute(t.Context(), run.ID, nil); err != nil || run.Active < 5*time.Millisecond || run.Active > time.Minute {
		t.Errorf("after a step of 5 ms: %v, %v", run.Active, err)
	}
}
