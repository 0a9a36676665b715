package engine_test

import (
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// TestRemovedRunsAreTold asks for runs that were pruned or archived.
func TestRemovedRunsAreTold(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(*engine.Engine) (engine.Removed, error){
		"pruned":   func(eng *engine.Engine) (engine.Removed, error) { return eng.Prune(t.Context(), engine.Retention{}) },
		"archived": func(eng *engine.Engine) (engine.Removed, error) { return eng.Archive(t.Context(), engine.Retention{}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eng := newEngine(t, countTo(nil))
			run, err := eng.Start(t.Context(), string(counting), json.RawMessage(`{"n":3}`), &engine.StartOptions{Key: "mine"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := eng.Cancel(t.Context(), run.ID, ""); err != nil {
				t.Fatal(err)
			}
			if removed, err := remove(eng); err != nil || removed.Runs != 1 {
				t.Fatalf("removed %+v, %v, want 1 run", removed, err)
			}
			check := func(how string, err error) {
				gone, ok := errors.AsType[*engine.RemovedError](err)
				if !ok || !errors.Is(err, engine.ErrRunNotFound) || gone.RunID != run.ID || gone.UUID != run.UUID || gone.At.IsZero() {
					t.Fatalf("%s: %v, want that the run was removed", how, err)
				}
				if _, err := os.Stat(gone.Archive); (err == nil) != (name == "archived") {
					t.Errorf("%s: archive %q: %v", how, gone.Archive, err)
				}
			}
			_, err = eng.Get(t.Context(), run.ID)
			check("Get", err)
			for _, ref := range []string{"1", "mine", run.UUID, run.UUID[:12]} {
				_, err := eng.Find(t.Context(), ref)
				check("Find "+ref, err)
			}
			_, err = eng.Start(t.Context(), string(counting), json.RawMessage(`{"n":3}`), &engine.StartOptions{Key: "mine"})
			check("Start", err)
			if _, err := eng.Find(t.Context(), "2"); !errors.Is(err, engine.ErrRunNotFound) {
				t.Errorf("Find of a run that never was: %v", err)
			} else if _, gone := errors.AsType[*engine.RemovedError](err); gone {
				t.Errorf("Find of a run that never was: %v", err)
			}
		})
	}
}
