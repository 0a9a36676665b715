package engine_test

import (
	"path/filepath"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// A panic of the user's Migrate is an error of the run.
func TestMigratePanics(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wf.db")
	withEngine(t, path, func(e *engine.Engine) {
		if _, err := e.Start(t.Context(), "counting", []byte(`{"n":3}`), nil); err != nil {
			t.Fatal(err)
		}
	}, countTo(nil))
	w := countTo(nil)
	w.Version = 2
	w.Migrate = func(int, []byte) (count, error) { panic("boom") }
	withEngine(t, path, func(e *engine.Engine) {
		defer func() {
			if p := recover(); p != nil {
				t.Errorf("Execute panics: %v", p)
			}
		}()
		r, err := e.Execute(t.Context(), 1, nil)
		if err != nil || r.Status != engine.Blocked {
			t.Errorf("%s, %v", r.Status, err)
		}
	}, w)
}
