package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// The owner is gone though its row said so before.
func TestOwnerThatWasBuriedAlive(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	in, goOn := make(chan bool, 9), make(chan bool)
	defer close(goOn)
	victim := oneStep("victim", func(ctx *engine.Context, s *count) (engine.Transition, error) {
		in <- true
		<-goOn
		return engine.Next(), ctx.Err()
	})
	quick := oneStep("victim", func(*engine.Context, *count) (engine.Transition, error) { return engine.Next(), nil })
	other := oneStep("other", quick.Steps[0].Do)
	a := openEngine(t, engine.Config{Path: path, DrainTimeout: time.Second}, victim, other)
	if _, err := other.Name.Run(t.Context(), a, count{}, nil); err != nil { // so it is a worker
		t.Fatal(err)
	}
	locks, _ := filepath.Glob(path + "-locks/worker-*")
	for _, l := range locks {
		_ = os.Remove(l) // somebody tidies up
	}
	b := openEngine(t, engine.Config{Path: path}, quick)
	serve(t, b) // buries a
	<-time.After(500 * time.Millisecond)
	run, _, err := a.StartHere(t.Context(), "victim", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = a.Execute(context.Background(), run.ID, nil) }()
	<-in
	_ = a.Abandon()
	r, err := b.Execute(t.Context(), run.ID, nil)
	if errors.Is(err, engine.ErrRunOwned) && r.Worker != 1 { // Serve was faster
		r, err = b.Wait(t.Context(), run.ID)
	}
	if err != nil || r.Status != engine.Completed {
		t.Errorf("run = %s, %v; want completed", r.Status, err)
	}
}
