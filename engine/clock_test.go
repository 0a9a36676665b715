package engine_test

import (
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// A clock that was ahead for a moment makes no retry come early.
func TestClockThatWasAhead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	w := countTo(nil)
	withEngine(t, path, func(eng *engine.Engine) {
		if _, err := counting.Start(t.Context(), eng, count{N: 1}, nil); err != nil {
			t.Fatal(err)
		}
	}, w)
	mustExec(t, path, "UPDATE wf_history SET time_us = ?", time.Now().Add(24*time.Hour).UnixMicro())
	var n atomic.Int32
	f := oneStep("r", func(*engine.Context, *count) (engine.Transition, error) {
		n.Add(1)
		return engine.Transition{}, errors.New("no")
	})
	f.Steps[0].Retry = engine.Retry{Attempts: 50, Initial: time.Hour, Max: time.Hour}
	withEngine(t, path, func(eng *engine.Engine) {
		serve(t, eng)
		if _, err := f.Name.Start(t.Context(), eng, count{}, nil); err != nil {
			t.Fatal(err)
		}
		<-time.After(2 * time.Second)
		if n.Load() != 1 {
			t.Errorf("%d attempts in 2 s, with a pause of an hour", n.Load())
		}
	}, f)
}
