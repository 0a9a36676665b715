package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// Who only looks at a run does not read its large state: it is looked at while the files are away.
func TestOutlineReadsNoLargeState(t *testing.T) {
	t.Parallel()
	saved, goOn := make(chan struct{}), make(chan struct{})
	path := filepath.Join(t.TempDir(), "wf.db")
	wf := bulkTo(func(ctx *engine.Context, s *bulk) error {
		if s.I < 2 {
			return nil
		}
		close(saved)
		<-goOn
		return nil
	})
	eng := openEngine(t, engine.Config{Path: path}, wf)
	other := openEngine(t, engine.Config{Path: path, Access: engine.ReadOnly}, wf)
	ended := make(chan error, 1)
	go func() {
		_, err := bulky.Run(context.Background(), eng, bulk{Size: someMiB, N: 2}, &engine.StartOptions{Key: "big", Checkpoint: engine.Checkpoint{Every: 1}})
		ended <- err
	}()
	<-saved
	full, err := other.Find(t.Context(), "1")
	if err != nil || len(full.State) < someMiB || full.Brief == "" {
		t.Fatalf("Find: %d bytes of state, brief %q, %v", len(full.State), full.Brief, err)
	}
	if err := os.Rename(path+"-files", path+"-away"); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{"1", "@last", "big", full.UUID[:13]} {
		run, err := other.Outline(t.Context(), ref)
		if err != nil || run.ID != 1 || run.State != nil || !strings.HasPrefix(run.Brief, full.Brief) || run.Fault != "" {
			t.Errorf("Outline(%s): run %d with %d bytes of state, brief %q, fault %q, %v; want brief %q alone",
				ref, run.ID, len(run.State), run.Brief, run.Fault, err, full.Brief)
		}
	}
	if p, err := other.Peek(t.Context(), 1); err != nil || p.Run.State != nil || !strings.HasPrefix(p.Run.Brief, full.Brief) || p.Run.Fault != "" {
		t.Errorf("Peek: brief %q, fault %q, %v; want brief %q alone", p.Run.Brief, p.Run.Fault, err, full.Brief)
	}
	if _, err := other.Outline(t.Context(), "none"); !errors.Is(err, engine.ErrRunNotFound) {
		t.Errorf("Outline of no run: %v", err)
	}
	if err := os.Rename(path+"-away", path+"-files"); err != nil {
		t.Fatal(err)
	}
	close(goOn)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}
