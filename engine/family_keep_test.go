package engine_test

import (
	"slices"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// A family is removed with its root: not before all of it has ended, and then completely.
func TestFamilyGoesWithItsRoot(t *testing.T) {
	t.Parallel()
	open := make(chan struct{})
	eng := newEngine(t, square(func(ctx *engine.Context, n int64) error {
		if n == 2 { // the last child ends when it is told to
			select {
			case <-open:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	}), parent(func() engine.Transition { return engine.Spawn(squaresOf(3), "join") }))
	serve(t, eng)
	run, err := family.Start(t.Context(), eng, parcel{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for ended := 0; ended < 2; {
		runs, err := eng.List(t.Context(), engine.RunFilter{Statuses: []engine.Status{engine.Completed}})
		if err != nil {
			t.Fatal(err)
		}
		ended = len(runs)
	}
	if gone, err := eng.Prune(t.Context(), engine.Retention{}); err != nil || gone.Runs != 0 {
		t.Fatalf("pruned %d runs of a family that has not ended, %v", gone.Runs, err)
	}
	close(open)
	if _, err := family.Wait(t.Context(), eng, run.ID); err != nil {
		t.Fatal(err)
	}
	if gone, err := eng.Prune(t.Context(), engine.Retention{Workflows: []string{string(squares)}}); err != nil || gone.Runs != 0 {
		t.Fatalf("pruned %d children without their root, %v", gone.Runs, err)
	}
	gone, err := eng.Archive(t.Context(), engine.Retention{Workflows: []string{string(family)}})
	if err != nil || gone.Runs != 4 {
		t.Fatalf("archived %d runs, %v; want the family of 4", gone.Runs, err)
	}
	files, err := eng.Archives()
	if err != nil || len(files) != 1 {
		t.Fatalf("archives %q, %v", files, err)
	}
	archive := openEngine(t, engine.Config{Path: files[0], Access: engine.ReadOnly}, square(nil), parent(nil))
	children, err := archive.Children(t.Context(), run.ID, -1)
	if err != nil || len(children) != 3 {
		t.Fatalf("%d children in the archive, %v", len(children), err)
	}
	places := []int{children[0].Place, children[1].Place, children[2].Place}
	if !slices.Equal(places, []int{0, 1, 2}) {
		t.Errorf("places %v", places)
	}
}
