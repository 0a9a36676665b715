package engine_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

func TestCloseTwice(t *testing.T) {
	t.Parallel()
	eng, err := engine.Open(t.Context(), engine.Config{Path: filepath.Join(t.TempDir(), "wf.db")}, countTo(nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := counting.Run(t.Context(), eng, count{N: 1}, nil); err != nil {
		t.Fatal(err)
	}
	if err := eng.Close(); err != nil {
		t.Fatal(err)
	}
	if err := eng.Close(); err != nil {
		t.Errorf("second Close = %v", err)
	}
}

// Serve and Close at the same time.
func TestServeAndCloseAtOnce(t *testing.T) {
	t.Parallel()
	for range 30 {
		eng, err := engine.Open(t.Context(), engine.Config{Path: filepath.Join(t.TempDir(), "wf.db")}, countTo(nil))
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- eng.Serve(context.Background()) }()
		if err := eng.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Fatal("Serve does not end")
		}
	}
}
