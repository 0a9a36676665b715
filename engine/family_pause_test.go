package engine_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/internal/clock"
)

// broods opens an engine whose runs interpret programs, and starts one that spawns children.
func broods(t *testing.T, kids op) (c *clocked, parent int64, children []engine.Run) {
	t.Helper()
	virtual := clock.New(noon)
	eng, err := engine.Open(clock.With(context.Background(), virtual), engine.Config{Path: filepath.Join(t.TempDir(), "wf.db")}, taleFlow())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		mustBeSound(t, eng)
		if err := eng.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	c = &clocked{eng, t, virtual}
	c.serve()
	kids.Do = "kids"
	run, err := tales.Start(t.Context(), c.Engine, tale{Prog: []op{kids}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.advance(0)
	if children, err = c.Children(t.Context(), run.ID, -1); err != nil || len(children) != len(kids.Kids) {
		t.Fatalf("%d children, %v", len(children), err)
	}
	return c, run.ID, children
}

// A child that is paused while it waits for its place stays paused when its turn comes, and keeps its place.
func TestPausedChildKeepsItsTurn(t *testing.T) {
	t.Parallel()
	c, parent, kids := broods(t, op{Limit: 1, Kids: [][]op{{{Do: "sleep", For: time.Minute}}, {{Do: "note"}}, {{Do: "note"}}}})
	if _, err := c.Pause(t.Context(), kids[1].ID, "wait"); err != nil {
		t.Fatal(err)
	}
	c.advance(time.Hour)
	if got, err := c.Get(t.Context(), kids[1].ID); err != nil || got.Status != engine.Paused {
		t.Errorf("when its turn has come the paused child is %s, %v", got.Status, err)
	}
	if _, err := c.Resume(t.Context(), kids[1].ID, nil); err != nil {
		t.Fatal(err)
	}
	c.advance(0)
	if got, err := c.Get(t.Context(), parent); err != nil || got.Status != engine.Completed {
		t.Errorf("the parent is %s, %v", got.Status, err)
	}
}

// A child that fails while its parent is paused has its siblings cancelled when that is resumed.
func TestFailFastOfAPausedParent(t *testing.T) {
	t.Parallel()
	c, parent, kids := broods(t, op{Fast: true, Kids: [][]op{{{Do: "sleep", For: time.Minute}, {Do: "fail"}}, {{Do: "await", On: []string{"x"}}}}})
	if _, err := c.Pause(t.Context(), parent, "wait"); err != nil {
		t.Fatal(err)
	}
	c.advance(time.Hour)
	// The end of a parent cancels its children in any case: it is not to come here.
	if _, err := c.PauseQueue(t.Context(), engine.DefaultQueue, "the parent is not to end"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Resume(t.Context(), parent, nil); err != nil {
		t.Fatal(err)
	}
	c.advance(0)
	var got []engine.Status
	for _, k := range kids {
		run, err := c.Get(t.Context(), k.ID)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, run.Status)
	}
	if want := []engine.Status{engine.Failed, engine.Cancelled}; !slices.Equal(got, want) {
		t.Errorf("the children are %s, want %s", got, want)
	}
}
