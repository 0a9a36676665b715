package engine_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// interruptedFamily returns a family of n, of which two may execute at a time, that was interrupted in the foreground
// when two children had begun. They end once open is closed.
func interruptedFamily(t *testing.T, n int64) (eng *engine.Engine, run engine.Run, open chan struct{}) {
	t.Helper()
	begun := make(chan struct{}, n)
	open = make(chan struct{})
	eng = newEngine(t, square(func(ctx *engine.Context, _ int64) error {
		begun <- struct{}{}
		select {
		case <-open:
			return nil
		case <-ctx.Done():
			return ctx.Save()
		}
	}), parent(func() engine.Transition { return engine.Spawn(squaresOf(n), "join").Limit(2) }))
	run, _, err := eng.StartHere(t.Context(), "family", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	go func() { // ends when two children have begun
		<-begun
		<-begun
		interrupt()
	}()
	if run, err = eng.Execute(ctx, run.ID, nil); err != nil || run.Status != engine.Waiting {
		t.Fatalf("interrupted: %s, %v", run.Status, err)
	}
	return eng, run, open
}

// A family that was interrupted in the foreground goes on there: also those of its children that were suspended in
// the middle, and those that were held behind them.
func TestInterruptedFamilyGoesOn(t *testing.T) {
	t.Parallel()
	eng, run, open := interruptedFamily(t, 5)
	children, err := eng.Children(t.Context(), run.ID, -1)
	if err != nil || children[0].Status != engine.Suspended || children[1].Status != engine.Suspended {
		t.Fatalf("the children that had begun are %s and %s, %v", children[0].Status, children[1].Status, err)
	}
	if list, err := eng.Resumable(t.Context(), false); err != nil || len(list) != 1 || list[0].ID != run.ID {
		t.Errorf("%d runs can be resumed, %v; want the eldest alone", len(list), err)
	}
	close(open)
	got, err := eng.Execute(t.Context(), run.ID, &engine.ExecuteOptions{Return: true})
	if err != nil || got.Status != engine.Completed {
		t.Fatalf("resumed: %s, %v", got.Status, err)
	}
	results, err := family.Wait(t.Context(), eng, run.ID)
	if want := []string{"0", "1", "4", "9", "16"}; err != nil || !slices.Equal(results, want) {
		t.Errorf("results %q, %v; want %q", results, err, want)
	}
}

// A family that was interrupted in the foreground, and is then left to a worker, goes on there with those of its children
// that were suspended: nobody else would ever take them.
func TestInterruptedFamilyGoesOnInAWorker(t *testing.T) {
	t.Parallel()
	eng, run, open := interruptedFamily(t, 3)
	close(open)
	run, err := eng.Resume(t.Context(), run.ID, nil)
	if err != nil || run.Status != engine.Waiting {
		t.Fatalf("resumed: %s, %v", run.Status, err)
	}
	serve(t, eng)
	patient, enough := context.WithTimeout(t.Context(), 20*time.Second)
	defer enough()
	results, err := family.Wait(patient, eng, run.ID)
	if want := []string{"0", "1", "4"}; err != nil || !slices.Equal(results, want) {
		t.Errorf("results %q, %v; want %q", results, err, want)
	}
}

// P6: a family whose process died goes on at once where its eldest is executed: whoever waits for its children waits
// for none that a dead process owns.
func TestFamilyOfADeadProcessGoesOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	begun, open := make(chan struct{}, 6), make(chan struct{})
	defer close(open)
	spawn := parent(func() engine.Transition { return engine.Spawn(squaresOf(2), "join") })
	died := openEngine(t, engine.Config{Path: path, Workers: 2, DrainTimeout: time.Millisecond}, square(func(*engine.Context, int64) error {
		begun <- struct{}{}
		<-open
		return nil
	}), spawn)
	run, _, err := died.StartHere(t.Context(), "family", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	go died.Execute(context.Background(), run.ID, nil) //nolint:errcheck // it is dead
	<-begun
	<-begun
	if err := died.Abandon(); err != nil {
		t.Fatal(err)
	}
	eng := openEngine(t, engine.Config{Path: path}, square(nil), spawn)
	got, err := eng.Execute(t.Context(), run.ID, &engine.ExecuteOptions{Return: true})
	if err != nil || got.Status != engine.Completed {
		t.Errorf("resumed: %s, %v; want completed", got.Status, err)
	}
}
