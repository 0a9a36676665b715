package engine_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// A program without definitions touches no run.
func TestServeWithoutDefinitions(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	w := countTo(nil)
	a := openEngine(t, engine.Config{Path: path}, w)
	b := openEngine(t, engine.Config{Path: path})
	run, err := counting.Start(t.Context(), a, count{N: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, b)
	ctx, cancel := context.WithTimeout(t.Context(), 1*time.Second)
	defer cancel()
	<-ctx.Done()
	if r, _ := a.Get(t.Context(), run.ID); r.Status != engine.Pending {
		t.Errorf("run is %s: %s", r.Status, r.Reason)
	}
}
