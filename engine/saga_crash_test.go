package engine_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// playSaga executes run 1, tells what it undoes, and hangs while it undoes the hotel.
func playSaga(path string) error {
	a := &agency{fails: map[string]error{"pay": errNoMoney}, hook: func(_ *engine.Context, call string) error {
		if strings.HasPrefix(call, "undo") {
			fmt.Println(call)
		}
		if call == "undo hotel" {
			select {}
		}
		return nil
	}}
	eng, err := engine.Open(context.Background(), engine.Config{Path: path}, a.flow())
	if err != nil {
		return err
	}
	run, err := eng.Execute(context.Background(), 1, nil)
	fmt.Printf("%s %s %v\n", run.Status, run.Reason, err)
	return eng.Close()
}

// startedSaga makes a file with a run of the saga that has not begun.
func startedSaga(t *testing.T, path string) {
	t.Helper()
	withEngine(t, path, func(eng *engine.Engine) {
		if _, err := journeys.Start(t.Context(), eng, journey{}, nil); err != nil {
			t.Fatal(err)
		}
	}, (&agency{}).flow())
}

// A process that is killed while it undoes a step is taken over: what was undone is not undone again, and
// what was not is.
func TestKillWhileUndoing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	startedSaga(t, path)
	c := startChild(t, "saga", path)
	c.hear(t, "undo pay")
	c.hear(t, "undo hotel")
	c.signal(t, syscall.SIGKILL)
	c.kill()

	a := &agency{}
	eng := openEngine(t, engine.Config{Path: path}, a.flow())
	run, err := eng.Get(t.Context(), 1)
	if err != nil || run.Status != engine.Compensating || run.Ending != engine.Failed {
		t.Fatalf("run = %s on the way to %s, %v; want it to be undone", run.Status, run.Ending, err)
	}
	list, err := eng.Resumable(t.Context(), false)
	if err != nil || len(list) != 1 {
		t.Errorf("Resumable = %v, %v; want the run", list, err)
	}
	if run, err = eng.Execute(t.Context(), 1, nil); err != nil || run.Status != engine.Failed || run.Error != "no money" {
		t.Fatalf("Execute = %s: %q, %v; want failed as it was to", run.Status, run.Error, err)
	}
	if got, want := a.called(), []string{"undo hotel", "undo flight"}; !slices.Equal(got, want) {
		t.Errorf("undone after the crash: %q, want %q", got, want)
	}
	if got, want := stateOf(t, eng, 1), "flight, think, hotel, undo pay#4, undo hotel#3, undo flight#1"; got != want {
		t.Errorf("state = %q, want %q", got, want)
	}
}

// An undo at which owners keep dying blocks the run.
func TestCrashLoopInAnUndoBlocks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	startedSaga(t, path)
	for try := range 3 {
		c := startChild(t, "saga", path)
		if try == 0 {
			c.hear(t, "undo pay")
		}
		c.hear(t, "undo hotel")
		c.signal(t, syscall.SIGKILL)
		c.kill()
	}
	a := &agency{}
	eng := openEngine(t, engine.Config{Path: path}, a.flow())
	run, err := eng.Execute(t.Context(), 1, nil)
	if err != nil || run.Status != engine.Blocked || !strings.Contains(run.Reason, `3 owners in a row died while undoing step "hotel" (visit 3)`) {
		t.Fatalf("Execute = %s: %q, %v; want blocked by the deaths", run.Status, run.Reason, err)
	}
	if _, err := eng.Resume(t.Context(), 1, nil); err != nil {
		t.Fatal(err)
	}
	if run, err = eng.Execute(t.Context(), 1, nil); err != nil || run.Status != engine.Failed {
		t.Errorf("Execute = %s, %v; want failed", run.Status, err)
	}
}

// Whoever stops in order while it undoes a step keeps what was undone: a foreground execution suspends the
// run, a worker gives it back, a person pauses it. It goes on with what is left.
func TestStopWhileUndoing(t *testing.T) {
	t.Parallel()
	for _, by := range []engine.Status{engine.Suspended, engine.Compensating, engine.Paused} {
		t.Run(string(by), func(t *testing.T) {
			t.Parallel()
			in := make(chan bool, 1)
			a := &agency{fails: map[string]error{"pay": errNoMoney}, hook: func(ctx *engine.Context, call string) error {
				if call == "undo hotel" {
					in <- true
					<-ctx.Done()
					return context.Cause(ctx)
				}
				return nil
			}}
			eng := newEngine(t, a.flow())
			run, err := journeys.Start(t.Context(), eng, journey{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			ended := make(chan error, 1)
			go func() { // ends with the run, or ctx
				if by == engine.Compensating {
					ended <- eng.Serve(ctx)
					return
				}
				_, err := eng.Execute(ctx, run.ID, nil)
				ended <- err
			}()
			<-in
			if by != engine.Paused {
				stop()
			} else if _, err := eng.Pause(t.Context(), run.ID, "a moment"); err != nil {
				t.Fatal(err)
			}
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			if run, err = eng.Get(t.Context(), run.ID); err != nil || run.Status != by || run.Ending != engine.Failed || run.Worker != 0 {
				t.Fatalf("run = %s on the way to %s, owner %d, %v; want %s", run.Status, run.Ending, run.Worker, err, by)
			}
			events := history(t, eng, run.ID)
			if ev := events[len(events)-1]; ev.Step != "hotel" || ev.Visit != 3 || ev.Attempt != 1 {
				t.Errorf("it stopped with %s at %s, visit %d; want it at the undo of the hotel", ev.Kind, ev.Step, ev.Visit)
			}
			a.hook = nil
			if by == engine.Paused {
				if run, err = eng.Resume(t.Context(), run.ID, nil); err != nil || run.Status != engine.Compensating || run.Reason != "" {
					t.Fatalf("Resume = %s %q, %v", run.Status, run.Reason, err)
				}
			}
			if run, err = eng.Execute(t.Context(), run.ID, nil); err != nil || run.Status != engine.Failed || run.Error != "no money" {
				t.Fatalf("Execute = %s: %q, %v; want failed as it was to", run.Status, run.Error, err)
			}
			if got, want := a.called(), []string{"flight", "think", "hotel", "pay", "undo pay", "undo hotel", "undo flight"}; !slices.Equal(got, want) {
				t.Errorf("calls = %q, want %q", got, want)
			}
		})
	}
}

// An owner that was buried while it undid a step commits nothing more.
func TestDeposedOwnerUndoesNothing(t *testing.T) {
	t.Parallel()
	in, goOn := make(chan bool, 1), make(chan bool)
	slow := &agency{fails: map[string]error{"pay": errNoMoney}, hook: func(_ *engine.Context, call string) error {
		if call == "undo hotel" {
			in <- true
			<-goOn
		}
		return nil
	}}
	cfg := engine.Config{Path: filepath.Join(t.TempDir(), "wf.db")}
	quick := &agency{}
	heir, owner := openEngine(t, cfg, quick.flow()), openEngine(t, cfg, slow.flow())
	ended := make(chan error, 1)
	go func() { // ends with the run
		_, err := journeys.Run(context.Background(), owner, journey{}, nil)
		ended <- err
	}()
	<-in
	if _, err := heir.Execute(t.Context(), 1, nil); !errors.Is(err, engine.ErrRunOwned) {
		t.Errorf("Execute of a run with a living owner = %v, want ErrRunOwned", err)
	}
	if err := owner.Abandon(); err != nil {
		t.Fatal(err)
	}
	run, err := heir.Execute(t.Context(), 1, nil)
	if err != nil || run.Status != engine.Failed {
		t.Fatalf("Execute = %s, %v; want failed", run.Status, err)
	}
	close(goOn)
	if err := <-ended; !errors.Is(err, engine.ErrLeaseLost) {
		t.Errorf("Run = %v, want ErrLeaseLost", err)
	}
	if after, err := heir.Get(t.Context(), 1); err != nil || after.Seq != run.Seq {
		t.Errorf("run = seq %d, %v; want seq %d", after.Seq, err, run.Seq)
	}
	mustUndo(t, heir, 1, "4 pay done", "3 hotel done", "1 flight done")
}

// A retry of an undo that is due while nobody executes is made by the next worker.
func TestRetryOfAnUndoIsDue(t *testing.T) {
	t.Parallel()
	a := &agency{fails: map[string]error{"pay": errNoMoney, "undo hotel": errors.New("busy")}}
	w := a.flow()
	w.Steps[2].Retry = engine.Retry{Initial: 200 * time.Millisecond, Jitter: -1}
	eng := newEngine(t, w)
	run, err := journeys.Start(t.Context(), eng, journey{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if run, err = eng.Execute(t.Context(), run.ID, &engine.ExecuteOptions{Return: true}); err != nil || run.Status != engine.Compensating || run.Due.IsZero() {
		t.Fatalf("Execute = %s, due %v, %v; want it to wait for the next attempt", run.Status, run.Due, err)
	}
	why, err := eng.Why(t.Context(), run.ID)
	if err != nil || !strings.HasPrefix(why.Cause, "undoing step hotel (2 of 3 left), attempt 2 of 5 at ") || !strings.HasSuffix(why.Cause, ": busy") {
		t.Errorf("Why = %q, %v", why.Cause, err)
	}
	a.fail("undo hotel", nil)
	serve(t, eng)
	if run, err = eng.Wait(t.Context(), run.ID); err != nil || run.Status != engine.Failed {
		t.Fatalf("Wait = %s, %v; want failed", run.Status, err)
	}
	if took := time.Since(begun); took < 200*time.Millisecond {
		t.Errorf("tried again after %v, want the pause to be kept", took)
	}
}
