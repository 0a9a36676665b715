package engine_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// What was asked of a run whose owner died before it heard is done by the next owner.
func TestWantOutlivesTheOwner(t *testing.T) {
	t.Parallel()
	for want, status := range map[string]engine.Status{"cancel": engine.Cancelled, "pause": engine.Paused} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "wf.db")
			suspendedAfterOne(t, path)
			mustExec(t, path, "UPDATE wf_runs SET status = 'pending', want = ?, want_detail = '{\"by\":\"me\"}'", want)
			eng := openEngine(t, engine.Config{Path: path}, countTo(func(*engine.Context, *count) error {
				t.Error("the step ran")
				return nil
			}))
			run, err := eng.Execute(t.Context(), 1, nil)
			if err != nil || run.Status != status || run.Want != "" {
				t.Errorf("Execute = %s, want %q, %v; want %s and nothing wanted any more", run.Status, run.Want, err, status)
			}
			if list := kinds(t, eng, 1); !slices.Contains(list, string(status)) || slices.Contains(list, "released") {
				t.Errorf("history = %v", list)
			}
		})
	}
}
