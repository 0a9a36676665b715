package engine_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// A retry in the foreground waits for its pause, whatever else happens in the file.
func TestForegroundRetryKeepsItsPause(t *testing.T) {
	t.Parallel()
	var at []time.Time
	w := oneStep("r", func(*engine.Context, *count) (engine.Transition, error) {
		at = append(at, time.Now())
		return engine.Transition{}, errors.New("no")
	})
	w.Steps[0].Retry = engine.Retry{Attempts: 3, Initial: time.Second, Factor: 1, Jitter: -1}
	eng := newEngine(t, w)
	_, err := w.Name.Run(t.Context(), eng, count{}, nil)
	t.Log(err)
	for i := 1; i < len(at); i++ {
		if d := at[i].Sub(at[i-1]); d < 900*time.Millisecond {
			t.Errorf("attempt %d after %v, want 1s", i+1, d)
		}
	}
}

// Close ends an Execute that waits for a retry.
func TestCloseEndsAWaitingExecute(t *testing.T) {
	t.Parallel()
	failed := make(chan bool, 100)
	w := oneStep("r", func(*engine.Context, *count) (engine.Transition, error) {
		failed <- true
		return engine.Transition{}, errors.New("no")
	})
	w.Steps[0].Retry = engine.Retry{Attempts: -1, Initial: time.Hour, Max: time.Hour}
	eng, err := engine.Open(t.Context(), engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), DrainTimeout: 3 * time.Second}, w)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan error, 1)
	go func() { _, err := w.Name.Run(ctx, eng, count{}, nil); done <- err }()
	<-failed
	awaitStatus(t, eng, 1, engine.Waiting)
	begun := time.Now()
	err = eng.Close()
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("Close took %v, %v", took, err)
	}
	select {
	case err := <-done:
		t.Log("Run:", err)
	case <-time.After(2 * time.Second):
		t.Error("Run still waits after Close")
	}
}

// Execute returns a run that another process has taken up and blocked.
func TestExecuteReturnsWhatOthersBlocked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	failing := oneStep("r", func(*engine.Context, *count) (engine.Transition, error) { return engine.Transition{}, errors.New("no") })
	failing.Steps[0].Retry = engine.Retry{Attempts: 9, Initial: time.Second}
	in, goOn := make(chan bool, 9), make(chan bool)
	blocking := oneStep("r", func(*engine.Context, *count) (engine.Transition, error) {
		in <- true
		<-goOn
		return engine.Goto("nowhere"), nil
	})
	a := openEngine(t, engine.Config{Path: path}, failing)
	b := openEngine(t, engine.Config{Path: path}, blocking)
	serve(t, b)
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
	defer cancel()
	run, _, err := a.StartHere(t.Context(), "r", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan bool)
	go func() {
		defer close(done)
		run, err = a.Execute(ctx, run.ID, nil)
	}()
	select {
	case <-in:
	case <-time.After(4 * time.Second):
		t.Skip("the foreground was faster")
	}
	<-time.After(200 * time.Millisecond)
	close(goOn)
	<-done
	if err != nil || run.Status != engine.Blocked {
		t.Errorf("Execute = %s, %v; want blocked", run.Status, err)
	}
}
