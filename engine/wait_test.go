package engine_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/engine"
)

// ends are ways in which a run ends.
func ends() map[string]func(ctx *engine.Context, s *count) (engine.Transition, error) {
	return map[string]func(ctx *engine.Context, s *count) (engine.Transition, error){
		"completes": func(ctx *engine.Context, s *count) (engine.Transition, error) {
			ctx.Progress(3, 4)
			ctx.Set("customer", "ann")
			s.I = 3
			if err := ctx.Save(); err != nil {
				return engine.Transition{}, err
			}
			return engine.Done(int64(7)), nil
		},
		"fails":    func(*engine.Context, *count) (engine.Transition, error) { return engine.Transition{}, errors.New("no") },
		"no value": func(*engine.Context, *count) (engine.Transition, error) { return engine.Next(), nil },
		"cancels itself": func(ctx *engine.Context, _ *count) (engine.Transition, error) {
			<-ctx.Done()
			return engine.Transition{}, ctx.Err()
		},
	}
}

// What those who wait are handed in this process is the run as a reader of the file finds it.
func TestWaitHandsOverTheRunAsItIsStored(t *testing.T) {
	t.Parallel()
	for name, do := range ends() {
		for _, keep := range []engine.Keep{engine.KeepNone, engine.KeepHistory, engine.KeepAll} {
			t.Run(name+"/"+string(keep), func(t *testing.T) {
				t.Parallel()
				begun, goOn := make(chan bool, 1), make(chan bool)
				w := oneStep("one", func(ctx *engine.Context, s *count) (engine.Transition, error) {
					begun <- true
					<-goOn
					return do(ctx, s)
				})
				w.Steps[0].Undo = func(*engine.Context, *count) error { return nil }
				eng := newEngine(t, w)
				serve(t, eng)
				run, err := w.Name.Start(t.Context(), eng, count{N: 1}, &engine.StartOptions{Keep: keep})
				if err != nil {
					t.Fatal(err)
				}
				<-begun
				var wg sync.WaitGroup
				for range 3 {
					wg.Go(func() { waitsWell(t, eng, run.ID) })
				}
				if name == "cancels itself" {
					if _, err := eng.Cancel(t.Context(), run.ID, "enough"); err != nil {
						t.Error(err)
					}
				}
				close(goOn)
				wg.Wait()
			})
		}
	}
}

func waitsWell(t *testing.T, eng *engine.Engine, id int64) {
	got, err := eng.Wait(t.Context(), id)
	if err != nil {
		t.Error(err)
	}
	want, err := eng.Get(t.Context(), id)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Get: %v; Wait returned another run (-Get +Wait):\n%s", err, diff)
	}
}

// What Execute returns is the run as a reader of the file finds it, but for its attributes.
func TestExecuteReturnsTheRunAsItIsStored(t *testing.T) {
	t.Parallel()
	for name, do := range ends() {
		if name == "cancels itself" {
			continue
		}
		w := oneStep("one", do)
		eng := newEngine(t, w)
		run, err := w.Name.Start(t.Context(), eng, count{N: 1}, nil)
		if err == nil {
			run, err = eng.Execute(t.Context(), run.ID, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		want, err := eng.Get(t.Context(), run.ID)
		want.Attributes = nil
		if diff := cmp.Diff(want, run); err != nil || diff != "" {
			t.Errorf("%s: Get: %v; Execute returned another run (-Get +Execute):\n%s", name, err, diff)
		}
	}
}

// A result that is in files is handed over whole.
func TestWaitHandsOverALargeResult(t *testing.T) {
	t.Parallel()
	const big engine.Name[count, string] = "big"
	w := engine.Workflow[count, string]{Name: big, Steps: []engine.Step[count]{{Name: "one",
		Do: func(*engine.Context, *count) (engine.Transition, error) {
			return engine.Done(strings.Repeat("x", 2<<20)), nil
		}}}}
	eng := newEngine(t, w)
	serve(t, eng)
	run, err := big.Start(t.Context(), eng, count{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := big.Wait(t.Context(), eng, run.ID); err != nil || len(got) != 2<<20 {
		t.Errorf("Wait = %d bytes, %v", len(got), err)
	}
}

// Who waits for a run that executes here is told when it does so no more, also if others have ended it before he came
// and this process has not noticed yet.
func TestWaitForARunThatWasLost(t *testing.T) {
	t.Parallel()
	begun, goOn := make(chan bool), make(chan bool)
	blocked := countTo(func(*engine.Context, *count) error { begun <- true; <-goOn; return nil })
	cfg := engine.Config{Path: filepath.Join(t.TempDir(), "wf.db")}
	heir := openEngine(t, cfg, countTo(nil))
	owner := openEngine(t, cfg, blocked)
	ended := make(chan error, 1)
	go func() { // ends with the run
		_, err := counting.Run(context.Background(), owner, count{N: 1}, nil)
		ended <- err
	}()
	<-begun
	heard := owner.Watch(t.Context())
	if err := owner.Abandon(); err != nil {
		t.Fatal(err)
	}
	if run, err := heir.Execute(t.Context(), 1, nil); err != nil || run.Status != engine.Completed {
		t.Fatalf("Execute = %s, %v", run.Status, err)
	}
	for quiet := false; !quiet; { // until the owner has heard all there is to hear
		select {
		case <-heard:
		case <-time.After(1500 * time.Millisecond):
			quiet = true
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	waited := make(chan error, 1)
	go func() { // ends with ctx
		_, err := counting.Wait(ctx, owner, 1)
		waited <- err
	}()
	for end := time.Now().Add(5 * time.Second); owner.Waiters(1) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody waits")
		}
	}
	close(goOn)
	if err := <-ended; !errors.Is(err, engine.ErrLeaseLost) {
		t.Errorf("Run = %v", err)
	}
	if err := <-waited; err != nil {
		t.Errorf("Wait = %v", err)
	}
}
