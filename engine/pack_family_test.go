package engine_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// halfFamily executes a family of three until one child has ended and another is interrupted.
func halfFamily(t *testing.T, path string) (*engine.Engine, engine.Run) {
	t.Helper()
	reached := make(chan struct{})
	eng := openEngine(t, engine.Config{Path: path, Workers: 1}, square(func(ctx *engine.Context, n int64) error {
		if n == 0 {
			return nil
		}
		close(reached)
		<-ctx.Done()
		return ctx.Err()
	}), parent(func() engine.Transition { return engine.Spawn(squaresOf(3), "join").Limit(1) }))
	run, _, err := eng.StartHere(t.Context(), "family", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	go func() { // ends when the second child executes
		<-reached
		interrupt()
	}()
	if run, err = eng.Execute(ctx, run.ID, nil); err != nil || run.Status != engine.Waiting {
		t.Fatalf("interrupted: %s, %v", run.Status, err)
	}
	return eng, run
}

// A family of which some had ended when it left comes home with all that it has done elsewhere: each run takes its old place.
func TestFamilyOfWhichSomeHadEndedComesHome(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	home, run := halfFamily(t, filepath.Join(dir, "home.db"))
	other := openEngine(t, engine.Config{Path: filepath.Join(dir, "other.db")}, square(nil), parent(nil))
	out, back := filepath.Join(dir, "out.wf"), filepath.Join(dir, "back.wf")
	mustPack(t, home, run.ID, out, nil)
	if _, err := home.Unpack(t.Context(), out); !errors.Is(err, engine.ErrRunHere) {
		t.Errorf("unpacked where it was packed: %v, want ErrRunHere", err)
	}

	there := mustUnpack(t, other, out)
	if _, err := other.Resume(t.Context(), there.ID, nil); err != nil {
		t.Fatal(err)
	}
	if done, err := other.Execute(t.Context(), there.ID, nil); err != nil || done.Status != engine.Completed {
		t.Fatalf("there it is %s, %v", done.Status, err)
	}
	mustPack(t, other, there.ID, back, nil)

	came := mustUnpack(t, home, back)
	if came.ID != run.ID || came.Status != engine.Completed {
		t.Errorf("came home as run %d, %s; want run %d, completed", came.ID, came.Status, run.ID)
	}
	results, err := family.Wait(t.Context(), home, run.ID)
	if want := []string{"0", "1", "4"}; err != nil || !slices.Equal(results, want) {
		t.Errorf("results %q, %v; want %q", results, err, want)
	}
	all, err := home.List(t.Context(), engine.RunFilter{})
	if err != nil || len(all) != 4 {
		t.Errorf("%d runs, %v; want the family of 4", len(all), err)
	}
	if _, err := home.Unpack(t.Context(), back); !errors.Is(err, engine.ErrRunHere) {
		t.Errorf("unpacked twice: %v, want ErrRunHere", err)
	}
}
