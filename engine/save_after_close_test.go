package engine_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// A step that ignores its context and saves after Close gets an error.
func TestSaveAfterClose(t *testing.T) {
	t.Parallel()
	in, goOn, saved := make(chan bool), make(chan bool), make(chan error, 1)
	w := oneStep("r", func(ctx *engine.Context, _ *count) (engine.Transition, error) {
		in <- true
		<-goOn
		saved <- ctx.Save()
		return engine.Next(), nil
	})
	eng, err := engine.Open(t.Context(), engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), DrainTimeout: 100 * time.Millisecond}, w)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = w.Name.Run(context.Background(), eng, count{}, nil) }()
	<-in
	if err := eng.Close(); err != nil {
		t.Log("Close:", err)
	}
	close(goOn)
	select {
	case err := <-saved:
		if err == nil {
			t.Error("Save = nil after Close")
		}
	case <-time.After(3 * time.Second):
		t.Error("Save hangs for ever")
	}
}
