package engine_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// journey is the state of the sagas that these tests run. Log tells what was done and undone.
type journey struct {
	Log []string `json:"log"`
}

const journeys engine.Name[journey, string] = "journeys"

// agency is the world outside of a saga: it counts what is called, and fails when it is told to.
type agency struct {
	mu    sync.Mutex
	calls []string
	fails map[string]error                             // by call
	hook  func(ctx *engine.Context, call string) error // before it; nil for none
}

// call makes a call to the outside.
func (a *agency) call(ctx *engine.Context, name string) error {
	if a.hook != nil {
		if err := a.hook(ctx, name); err != nil {
			return err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, name)
	return a.fails[name]
}

// fail lets a call fail from now on; nil lets it succeed.
func (a *agency) fail(name string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fails == nil {
		a.fails = map[string]error{}
	}
	a.fails[name] = err
}

func (a *agency) called() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.calls)
}

// book is a step that books something, which cancel undoes.
func (a *agency) book(what string, then engine.Transition) engine.Step[journey] {
	return engine.Step[journey]{
		Name: what, Retry: engine.Retry{Initial: time.Millisecond},
		Do: func(ctx *engine.Context, s *journey) (engine.Transition, error) {
			if _, err := engine.Do(ctx, "book", func(context.Context) (string, error) {
				return fmt.Sprintf("%s#%d", what, ctx.Run().Visit), nil
			}); err != nil {
				return engine.Transition{}, err
			}
			s.Log = append(s.Log, what)
			return then, a.call(ctx, what)
		},
		Undo: func(ctx *engine.Context, s *journey) error {
			booking, ok, err := engine.Recorded[string](ctx, "book")
			if err != nil || !ok {
				return errors.Join(err, fmt.Errorf("no booking of %s: %v", what, ok))
			}
			if err := a.call(ctx, "undo "+what); err != nil {
				return err
			}
			s.Log = append(s.Log, "undo "+booking)
			return nil
		},
	}
}

// flow is a saga of some steps that can be undone, with one that cannot among them.
func (a *agency) flow() engine.Workflow[journey, string] {
	return engine.Workflow[journey, string]{Name: journeys, Steps: []engine.Step[journey]{
		a.book("flight", engine.Next()),
		{Name: "think", Do: func(ctx *engine.Context, s *journey) (engine.Transition, error) {
			s.Log = append(s.Log, "think")
			return engine.Next(), a.call(ctx, "think")
		}},
		a.book("hotel", engine.Next()),
		a.book("pay", engine.Done("paid")),
	}}
}

var errNoMoney = engine.Permanent(errors.New("no money"))

func stateOf(t testing.TB, eng *engine.Engine, id int64) string {
	t.Helper()
	s, err := journeys.State(t.Context(), eng, id)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(s.Log, ", ")
}

// mustUndo checks what became of the visits of a run that can be undone, newest first.
func mustUndo(t testing.TB, eng *engine.Engine, id int64, want ...string) {
	t.Helper()
	list, err := eng.Undos(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range list {
		got = append(got, fmt.Sprintf("%d %s %s", u.Visit, u.Step, u.State))
	}
	if !slices.Equal(got, want) {
		t.Errorf("undos = %q, want %q", got, want)
	}
}

// A saga that fails is undone newest visit first, and first for the visit that failed. Each undo sees the
// state as the one before has left it, and the calls of its visit.
func TestFailedSagaIsUndone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	a := &agency{fails: map[string]error{"pay": errNoMoney}}
	eng := openEngine(t, engine.Config{Path: path}, a.flow())
	_, err := journeys.Run(t.Context(), eng, journey{}, nil)
	failed, ok := errors.AsType[*engine.RunError](err)
	if !ok || failed.Status != engine.Failed || failed.Reason != "no money" {
		t.Fatalf("Run = %v, want the failure of the step", err)
	}
	if got, want := stateOf(t, eng, 1), "flight, think, hotel, undo pay#4, undo hotel#3, undo flight#1"; got != want {
		t.Errorf("state = %q, want %q", got, want)
	}
	mustUndo(t, eng, 1, "4 pay done", "3 hotel done", "1 flight done")
	want := []string{"created", "call", "transition", "transition", "call", "transition", "call", "attempt", "compensating",
		"claimed", "undo", "undo", "undo", "failed"}
	if got := kinds(t, eng, 1); !slices.Equal(got, want) {
		t.Errorf("history = %v, want %v", got, want)
	}
	if ev := history(t, eng, 1)[8]; string(ev.Detail) != `{"ending":"failed","visits":[4,3,1]}` || ev.Error != "no money" {
		t.Errorf("compensating: %q %s", ev.Error, ev.Detail)
	}
	if ev := history(t, eng, 1)[11]; ev.Step != "hotel" || ev.Visit != 3 || ev.Attempt != 1 {
		t.Errorf("undo event = %s, visit %d, attempt %d; want that of the visit undone", ev.Step, ev.Visit, ev.Attempt)
	}
	if n := scalar(t, path, "SELECT count(*) FROM wf_calls"); n != 0 {
		t.Errorf("%d recorded calls are left", n)
	}
	run, err := eng.Get(t.Context(), 1)
	if err != nil || run.Ending != "" || run.Step != "pay" || run.Visit != 4 || run.Worker != 0 {
		t.Errorf("run = %+v, %v; want it where it failed", run, err)
	}
}

// A saga that completes has nothing to undo, and leaves nothing behind.
func TestCompletedSagaLeavesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	a := &agency{}
	eng := openEngine(t, engine.Config{Path: path}, a.flow())
	if got, err := journeys.Run(t.Context(), eng, journey{}, nil); err != nil || got != "paid" {
		t.Fatalf("Run = %q, %v; want paid", got, err)
	}
	mustUndo(t, eng, 1)
	if n := scalar(t, path, "SELECT (SELECT count(*) FROM wf_calls) + (SELECT count(*) FROM wf_undos)"); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	if got := a.called(); slices.Contains(got, "undo flight") {
		t.Errorf("a completed run was undone: %v", got)
	}
}

// What has not begun is not undone: neither a run that waits to begin nor the step for which a run waits.
func TestOnlyWhatHasBegunIsUndone(t *testing.T) {
	t.Parallel()
	a := &agency{}
	w := a.flow()
	w.Steps[0] = a.book("flight", engine.Sleep(time.Hour, "hotel"))
	eng := newEngine(t, w)
	stranger := openEngine(t, engine.Config{Path: eng.Path(), Access: engine.ReadWrite}) // does not know the workflow
	run, err := journeys.Start(t.Context(), eng, journey{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if run, err = stranger.Cancel(t.Context(), run.ID, "changed my mind"); err != nil || run.Status != engine.Cancelled {
		t.Fatalf("Cancel of a run that has not begun = %s, %v", run.Status, err)
	}
	mustUndo(t, eng, run.ID)

	if run, err = journeys.Start(t.Context(), eng, journey{}, nil); err != nil {
		t.Fatal(err)
	}
	if run, err = eng.Execute(t.Context(), run.ID, &engine.ExecuteOptions{Return: true}); err != nil || run.Status != engine.Waiting {
		t.Fatalf("Execute = %s, %v; want waiting", run.Status, err)
	}
	run, err = stranger.Cancel(t.Context(), run.ID, "too late")
	if err != nil || run.Status != engine.Compensating || run.Ending != engine.Cancelled || !strings.HasPrefix(run.Error, "too late (by ") {
		t.Fatalf("Cancel = %s on the way to %s: %q, %v; want it to be undone", run.Status, run.Ending, run.Error, err)
	}
	if run, err = eng.Execute(t.Context(), run.ID, nil); err != nil || run.Status != engine.Cancelled || run.Error != "" ||
		!strings.HasPrefix(run.Reason, "too late (by ") {
		t.Fatalf("Execute = %s: %q %q, %v; want cancelled", run.Status, run.Reason, run.Error, err)
	}
	mustUndo(t, eng, run.ID, "1 flight done")
	if got, want := stateOf(t, eng, run.ID), "flight, undo flight#1"; got != want {
		t.Errorf("state = %q, want %q", got, want)
	}
}

// A run that executes is undone when it is cancelled, the visit that was under way included.
func TestCancelOfARunningSaga(t *testing.T) {
	t.Parallel()
	in := make(chan bool, 1)
	a := &agency{hook: func(ctx *engine.Context, call string) error {
		if call == "hotel" {
			in <- true
			<-ctx.Done()
			return context.Cause(ctx)
		}
		return nil
	}}
	eng := newEngine(t, a.flow())
	serve(t, eng)
	run, err := journeys.Start(t.Context(), eng, journey{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	<-in
	if _, err := eng.Cancel(t.Context(), run.ID, "stop"); err != nil {
		t.Fatal(err)
	}
	if run, err = eng.Wait(t.Context(), run.ID); err != nil || run.Status != engine.Cancelled {
		t.Fatalf("Wait = %s, %v; want cancelled", run.Status, err)
	}
	if got, want := stateOf(t, eng, run.ID), "flight, think, undo hotel#3, undo flight#1"; got != want {
		t.Errorf("state = %q, want %q", got, want)
	}
}

// A deadline undoes what was done, as any failure.
func TestDeadlineOfASaga(t *testing.T) {
	t.Parallel()
	a := &agency{}
	w := a.flow()
	w.Steps[0] = a.book("flight", engine.Sleep(time.Hour, "hotel"))
	eng := newEngine(t, w)
	serve(t, eng)
	run, err := journeys.Start(t.Context(), eng, journey{}, &engine.StartOptions{Deadline: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if run, err = eng.Wait(t.Context(), run.ID); err != nil || run.Status != engine.Failed || !strings.Contains(run.Error, "deadline") {
		t.Fatalf("Wait = %s: %q, %v; want failed by its deadline", run.Status, run.Error, err)
	}
	mustUndo(t, eng, run.ID, "1 flight done")
}

// A step that was entered through the door of a wait is undone, too, and its Undo reads the signal that has
// led to the visit.
func TestStepBehindADoorIsUndone(t *testing.T) {
	t.Parallel()
	const offered, agreed engine.Signal[string] = "offered", "agreed"
	a := &agency{fails: map[string]error{"pay": errNoMoney}}
	w := a.flow()
	w.Signals = []engine.AnySignal{offered, agreed}
	w.Steps[0] = engine.Step[journey]{Name: "ask", Do: func(*engine.Context, *journey) (engine.Transition, error) {
		return offered.Await("hotel"), nil
	}}
	w.Steps[2] = a.book("hotel", agreed.Await("pay"))
	undo := w.Steps[2].Undo
	w.Steps[2].Undo = func(ctx *engine.Context, s *journey) error {
		offer, err := offered.Payload(ctx)
		if err != nil {
			return engine.Permanent(err)
		}
		s.Log = append(s.Log, "refuse "+offer)
		return undo(ctx, s)
	}
	eng := newEngine(t, w)
	for _, early := range []bool{true, false} { // it goes on at once, or is woken
		run, err := journeys.Start(t.Context(), eng, journey{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !early {
			if run, err = eng.Execute(t.Context(), run.ID, &engine.ExecuteOptions{Return: true}); err != nil || run.Status != engine.Waiting {
				t.Fatalf("Execute = %s, %v; want waiting", run.Status, err)
			}
		}
		if err := errors.Join(offered.Send(t.Context(), eng, run.ID, "a suite", nil), agreed.Send(t.Context(), eng, run.ID, "yes", nil)); err != nil {
			t.Fatal(err)
		}
		if run, err = eng.Execute(t.Context(), run.ID, nil); err != nil || run.Status != engine.Failed {
			t.Fatalf("Execute = %s, %v; want failed", run.Status, err)
		}
		mustUndo(t, eng, run.ID, "3 pay done", "2 hotel done")
		if got, want := stateOf(t, eng, run.ID), "hotel, undo pay#3, refuse a suite, undo hotel#2"; got != want {
			t.Errorf("state = %q, want %q", got, want)
		}
	}
}

// A step that is repeated is undone as often as it was visited.
func TestEveryVisitIsUndone(t *testing.T) {
	t.Parallel()
	a := &agency{}
	w := engine.Workflow[journey, string]{Name: journeys, Steps: []engine.Step[journey]{a.book("flight", engine.Repeat())}}
	a.hook = func(ctx *engine.Context, call string) error {
		if call == "flight" && ctx.Run().Visit == 3 {
			return errNoMoney
		}
		return nil
	}
	eng := newEngine(t, w)
	if _, err := journeys.Run(t.Context(), eng, journey{}, nil); err == nil {
		t.Fatal("Run = nil, want a failure")
	}
	if got, want := stateOf(t, eng, 1), "flight, flight, undo flight#3, undo flight#2, undo flight#1"; got != want {
		t.Errorf("state = %q, want %q", got, want)
	}
}

// What an Undo calls is recorded under the visit that it undoes, and not called again by its next attempt.
func TestCallsOfAnUndoAreRecorded(t *testing.T) {
	t.Parallel()
	var refunds []string
	tries := 0
	w := engine.Workflow[journey, string]{Name: journeys, Steps: []engine.Step[journey]{{
		Name: "pay", Retry: engine.Retry{Initial: time.Millisecond},
		Do: func(ctx *engine.Context, _ *journey) (engine.Transition, error) {
			_, err := engine.Do(ctx, "money", func(context.Context) (int, error) { return 5, nil })
			return engine.Transition{}, errors.Join(err, errNoMoney)
		},
		Undo: func(ctx *engine.Context, s *journey) error {
			tries++
			back, err := engine.Do(ctx, "money", func(ctx context.Context) (int, error) { // the name of the step's own call
				refunds = append(refunds, engine.CallKey(ctx))
				return -5, nil
			})
			if err != nil {
				return err
			}
			if tries == 1 {
				s.Log = append(s.Log, "lost")
				return errors.New("then it failed")
			}
			taken, ok, err := engine.Recorded[int](ctx, "money")
			s.Log = append(s.Log, fmt.Sprintf("%d %v %d, attempt %d, %v", taken, ok, back, ctx.Run().Attempt, ctx.Run().Undo))
			return err
		},
	}}}
	eng := newEngine(t, w)
	_, err := journeys.Run(t.Context(), eng, journey{}, nil)
	if err == nil || !strings.Contains(err.Error(), "no money") {
		t.Fatalf("Run = %v, want a failure", err)
	}
	run, err := eng.Get(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{run.UUID + "/1/undo:money/0"}; !slices.Equal(refunds, want) {
		t.Errorf("refunded %q, want %q", refunds, want)
	}
	if got, want := stateOf(t, eng, 1), "5 true -5, attempt 2, true"; got != want {
		t.Errorf("state = %q, want %q", got, want)
	}
}

// The names of an Undo's calls are its own.
func TestStepMustNotCallAsAnUndo(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, oneStep("clash", func(ctx *engine.Context, _ *count) (engine.Transition, error) {
		return engine.Next(), engine.Exec(ctx, "undo:money", func(context.Context) error { return nil })
	}))
	_, err := engine.Name[count, int64]("clash").Run(t.Context(), eng, count{}, nil)
	if err == nil || !strings.Contains(err.Error(), `"undo:money"`) {
		t.Errorf("Run = %v, want the name refused", err)
	}
}
