package engine_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// P6 with a process between that only executes in the foreground.
func TestForegroundWorkerHidesNoDeath(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	in, goOn := make(chan bool, 9), make(chan bool)
	block := oneStep("block", func(ctx *engine.Context, s *count) (engine.Transition, error) {
		in <- true
		select {
		case <-goOn:
		case <-ctx.Done():
		}
		return engine.Next(), ctx.Err()
	})
	quick := oneStep("victim", func(*engine.Context, *count) (engine.Transition, error) { return engine.Next(), nil })
	victim := oneStep("victim", block.Steps[0].Do)
	a := openEngine(t, engine.Config{Path: path}, victim)
	b := openEngine(t, engine.Config{Path: path}, block)
	c := openEngine(t, engine.Config{Path: path}, quick)
	go func() { _, _ = victim.Name.Run(context.Background(), a, count{}, nil) }() // run 1
	<-in
	go func() { _, _ = block.Name.Run(context.Background(), b, count{}, nil) }() // run 2, in the foreground
	<-in
	serve(t, c)
	run, err := quick.Name.Start(t.Context(), c, count{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := quick.Name.Wait(t.Context(), c, run.ID); err != nil {
		t.Fatal(err)
	}
	if err := a.Abandon(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := c.Wait(ctx, 1); err != nil {
		t.Errorf("the dead owner's run was not taken over: %v", err)
	}
	close(goOn)
}
