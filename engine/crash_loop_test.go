package engine_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// The fallback counts deaths until the run is past where its owners died.
func TestCrashLoopBehindATransition(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	var deaths int
	var eng *engine.Engine
	steps := func(b func(*engine.Context, *count) (engine.Transition, error)) engine.Workflow[count, int64] {
		return engine.Workflow[count, int64]{Name: "two", Steps: []engine.Step[count]{
			{Name: "a", Do: func(_ *engine.Context, s *count) (engine.Transition, error) { s.I = 1; return engine.Next(), nil }},
			{Name: "mid", Do: func(_ *engine.Context, s *count) (engine.Transition, error) { s.I = 2; return engine.Next(), nil }},
			{Name: "b", Do: b},
		}}
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	first := steps(func(ctx *engine.Context, _ *count) (engine.Transition, error) {
		stop()
		<-ctx.Done()
		return engine.Transition{}, ctx.Err()
	})
	withEngine(t, path, func(e *engine.Engine) {
		if _, err := first.Name.Start(t.Context(), e, count{}, nil); err != nil {
			t.Fatal(err)
		}
	}, first)
	mustExec(t, path, "UPDATE wf_runs SET copied_us = 1") // a is copied
	withEngine(t, path, func(e *engine.Engine) {
		if r, err := e.Execute(ctx, 1, nil); err != nil || r.Status != engine.Suspended || r.Step != "b" {
			t.Fatal(r.Status, r.Step, err)
		}
	}, first)
	mustExec(t, path, "UPDATE wf_runs SET deaths = 3")
	second := steps(func(ctx *engine.Context, _ *count) (engine.Transition, error) {
		r, err := eng.Get(context.Background(), 1)
		deaths = r.Deaths
		return engine.Next(), err
	})
	withEngine(t, path, func(e *engine.Engine) {
		eng = e
		if r, err := e.Execute(t.Context(), 1, nil); err != nil {
			t.Fatal(r.Status, err)
		}
		t.Log(kinds(t, e, 1))
	}, second)
	if deaths != 3 {
		t.Errorf("back at the deadly step the run counts %d deaths, want 3", deaths)
	}
}
