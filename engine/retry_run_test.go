package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// mended is a workflow of two steps, of which the second calls outside and fails until it is mended.
func mended(calls *[]string, broken *error) engine.Workflow[count, int64] {
	return engine.Workflow[count, int64]{Name: "mended", Steps: []engine.Step[count]{
		{Name: "one", Do: func(_ *engine.Context, s *count) (engine.Transition, error) { s.I++; return engine.Next(), nil }},
		{Name: "two", Retry: quick(2), Do: func(ctx *engine.Context, s *count) (engine.Transition, error) {
			for _, name := range []string{"a", "b"} {
				got, err := engine.Do(ctx, name, func(context.Context) (string, error) {
					*calls = append(*calls, name)
					return name, nil
				})
				if err != nil || got != name {
					return engine.Transition{}, err
				}
			}
			return engine.Done(s.I), *broken
		}},
	}}
}

// A failed run goes on from its newest checkpoint, in the same visit, so that recorded calls are not made
// again; its attempts count from the beginning, and its key stands for a run that has not ended.
func TestRetry(t *testing.T) {
	t.Parallel()
	var calls []string
	broken := errors.New("down")
	eng := newEngine(t, mended(&calls, &broken)) // checked at the end: the key agrees with the run
	run := executed(t, eng, "mended", &engine.StartOptions{Key: "k"})
	if run.Status != engine.Failed || run.Failures != 2 {
		t.Fatalf("run %s after %d failures, want failed after 2", run.Status, run.Failures)
	}
	visit := run.Visit
	again, err := eng.Retry(t.Context(), run.ID, &engine.RetryOptions{Reason: "it is up again"})
	if err != nil || again.Status != engine.Pending || again.Failures != 0 || again.Error != "" || !again.Ended.IsZero() {
		t.Fatalf("Retry = %s, %d failures, error %q, ended %v, %v; want a pending run like new", again.Status, again.Failures, again.Error, again.Ended, err)
	}
	mustBeSound(t, eng)
	if run, err = eng.Execute(t.Context(), run.ID, nil); err != nil || run.Status != engine.Failed || run.Failures != 2 {
		t.Errorf("still broken: %s after %d failures, %v; want failed after 2 more", run.Status, run.Failures, err)
	}
	broken = nil
	if _, err := eng.Retry(t.Context(), run.ID, nil); err != nil {
		t.Fatal(err)
	}
	run, err = eng.Execute(t.Context(), run.ID, nil)
	if err != nil || run.Status != engine.Completed || run.Visit != visit {
		t.Errorf("mended: %s in visit %d, %v; want completed in visit %d", run.Status, run.Visit, err, visit)
	}
	if !slices.Equal(calls, []string{"a", "b"}) {
		t.Errorf("calls %q, want each made once", calls)
	}
	events := history(t, eng, run.ID)
	i := slices.IndexFunc(events, func(ev engine.Event) bool { return ev.Kind == "retried" })
	if i < 0 || !strings.Contains(string(events[i].Detail), `"reason":"it is up again"`) || !strings.Contains(string(events[i].Detail), `"error":"down"`) {
		t.Errorf("the history does not tell of the retry: %s", events[max(i, 0)].Detail)
	}
}

// Retry may go on in another step, which is a new visit: its calls are made.
func TestRetryFromAnotherStep(t *testing.T) {
	t.Parallel()
	var calls []string
	broken := errors.New("down")
	eng := newEngine(t, mended(&calls, &broken))
	run := executed(t, eng, "mended", nil)
	broken = nil
	if _, err := eng.Retry(t.Context(), run.ID, &engine.RetryOptions{From: "on"}); err == nil || !strings.Contains(err.Error(), `"one"`) {
		t.Errorf("Retry from an unknown step: %v, want the nearest name", err)
	}
	if _, err := eng.Retry(t.Context(), run.ID, &engine.RetryOptions{From: "one"}); err != nil {
		t.Fatal(err)
	}
	run, err := eng.Execute(t.Context(), run.ID, nil)
	if err != nil || string(run.Result) != "2" || len(calls) != 4 {
		t.Errorf("result %s after calls %q, %v; want 2 and all calls twice", run.Result, calls, err)
	}
}

// Only a failed run can be retried.
func TestRetryRefused(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, countTo(nil))
	done := executed(t, eng, "counting", nil)
	open, err := counting.Start(t.Context(), eng, count{N: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []int64{done.ID, open.ID} {
		_, err := eng.Retry(t.Context(), id, nil)
		if _, ok := errors.AsType[*engine.TransitionError](err); !ok {
			t.Errorf("Retry(%d) = %v, want a *TransitionError", id, err)
		}
	}
	if _, err := eng.Retry(t.Context(), 99, nil); !errors.Is(err, engine.ErrRunNotFound) {
		t.Errorf("Retry(99) = %v, want ErrRunNotFound", err)
	}
}

// A run whose steps were undone cannot go on, but a new one can.
func TestRetryOfAnUndoneRun(t *testing.T) {
	t.Parallel()
	fails := errors.New("no")
	var calls []string
	w := mended(&calls, &fails)
	w.Steps[0].Undo = func(*engine.Context, *count) error { return nil }
	eng := newEngine(t, w)
	run := executed(t, eng, "mended", nil)
	_, err := eng.Retry(t.Context(), run.ID, nil)
	undone, ok := errors.AsType[*engine.UndoneError](err)
	if !ok || undone.RunID != run.ID || !strings.Contains(undone.Hint(), "fork") {
		t.Errorf("Retry = %v, want an *UndoneError", err)
	}
}

// A deadline that has passed does not fail the run again.
func TestRetryAfterTheDeadline(t *testing.T) {
	t.Parallel()
	late := true
	w := oneStep("late", func(ctx *engine.Context, _ *count) (engine.Transition, error) {
		if late {
			<-ctx.Done()
		}
		return engine.Done(int64(1)), ctx.Err()
	})
	w.Deadline = 10 * time.Millisecond
	eng := newEngine(t, w)
	run := executed(t, eng, "late", nil)
	if run.Status != engine.Failed {
		t.Fatalf("run %s, want failed", run.Status)
	}
	late = false
	if run, err := eng.Retry(t.Context(), run.ID, nil); err != nil || !run.Deadline.IsZero() {
		t.Fatalf("Retry: deadline %v, %v; want none", run.Deadline, err)
	}
	run, err := eng.Execute(t.Context(), run.ID, nil)
	if err != nil || run.Status != engine.Completed {
		t.Errorf("run %s: %s, %v; want completed", run.Status, run.Error, err)
	}
	events := history(t, eng, run.ID)
	var told struct{ Deadline string }
	for _, ev := range events {
		if ev.Kind == "retried" {
			if err := json.Unmarshal(ev.Detail, &told); err != nil {
				t.Error(err)
			}
		}
	}
	if told.Deadline != "removed" {
		t.Errorf("the history does not tell that the deadline was removed")
	}
}

// A run whose deadline came while it waited has not come to its step: it goes on where a person says.
func TestRetryOfAWaitThatTheDeadlineEnded(t *testing.T) {
	t.Parallel()
	w := parcelFlow(1, awaitPacked)
	w.Deadline = 300 * time.Millisecond
	eng := newEngine(t, w)
	run := executed(t, eng, "parcels", nil)
	if run.Status != engine.Failed || run.Step != "packed" {
		t.Fatalf("run %s in %s, want failed before packed", run.Status, run.Step)
	}
	for what, err := range map[string]error{
		"Retry": second(eng.Retry(t.Context(), run.ID, nil)), "Fork": second(eng.Fork(t.Context(), run.ID, nil)),
	} {
		if _, ok := errors.AsType[*engine.InputError](err); !ok || !strings.Contains(err.Error(), "waits for signal packed") {
			t.Errorf("%s = %v, want an InputError that names the wait", what, err)
		}
	}
	if _, err := eng.Retry(t.Context(), run.ID, &engine.RetryOptions{From: "wait"}); err != nil {
		t.Fatal(err)
	}
	if err := packed.Send(t.Context(), eng, run.ID, packing{"a"}, nil); err != nil {
		t.Fatal(err)
	}
	run, err := eng.Execute(t.Context(), run.ID, nil)
	if err != nil || run.Status != engine.Completed {
		t.Errorf("run %s: %s, %v; want completed", run.Status, run.Error, err)
	}
}

func second[T any](_ T, err error) error { return err }

// A child that has failed can be retried while its parent waits for another one; the parent then waits for it,
// too, and sees its result.
func TestRetryOfAChild(t *testing.T) {
	t.Parallel()
	broken := errors.New("down")
	var calls []string
	child := mended(&calls, &broken)
	const proceed engine.Signal[int64] = "go"
	slow := engine.Workflow[count, int64]{Name: "slow", Signals: []engine.AnySignal{proceed}, Steps: []engine.Step[count]{
		{Name: "wait", Do: func(*engine.Context, *count) (engine.Transition, error) { return proceed.Await("end"), nil }},
		{Name: "end", Do: func(*engine.Context, *count) (engine.Transition, error) { return engine.Done(int64(10)), nil }},
	}}
	parent := engine.Workflow[count, int64]{Name: "parent", Steps: []engine.Step[count]{
		{Name: "spawn", Do: func(*engine.Context, *count) (engine.Transition, error) {
			return engine.Spawn(slices.Values([]engine.Child{child.Name.Child(count{}, nil), slow.Name.Child(count{}, nil)}), "sum"), nil
		}},
		{Name: "sum", Do: func(ctx *engine.Context, s *count) (engine.Transition, error) {
			for run, err := range ctx.Children() {
				if err != nil || run.Status != engine.Completed {
					return engine.Transition{}, errors.Join(err, errors.New("a child is "+string(run.Status)))
				}
				s.Total++
			}
			return engine.Done(s.Total), nil
		}},
	}}
	eng := openEngine(t, engine.Config{Path: filepath.Join(t.TempDir(), "wf.db")}, parent, child, slow)
	run, err := parent.Name.Start(t.Context(), eng, count{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	execute := func(id int64, want engine.Status) {
		t.Helper()
		run, err := eng.Execute(t.Context(), id, nil)
		if err != nil || run.Status != want {
			t.Fatalf("run %d is %s: %s, %v; want %s", id, run.Status, run.Error, err, want)
		}
	}
	if _, err := eng.Execute(t.Context(), run.ID, &engine.ExecuteOptions{Return: true}); err != nil {
		t.Fatal(err)
	}
	execute(run.ID+1, engine.Failed)
	if _, err := eng.Retry(t.Context(), run.ID+1, nil); err != nil {
		t.Fatal(err)
	}
	if err := proceed.Send(t.Context(), eng, run.ID+2, 1, nil); err != nil {
		t.Fatal(err)
	}
	execute(run.ID+2, engine.Completed)
	if now, err := eng.Get(t.Context(), run.ID); err != nil || now.Status != engine.Waiting {
		t.Errorf("the parent is %s, %v; want waiting for the child that is tried again", now.Status, err)
	}
	broken = nil
	execute(run.ID+1, engine.Completed)
	execute(run.ID, engine.Completed)
}

// A child that has failed can be retried when its parent has ended, too: the file is sound with it.
func TestRetryOfAChildThatNobodyWaitsFor(t *testing.T) {
	t.Parallel()
	leaf := oneStep("leaf", func(*engine.Context, *count) (engine.Transition, error) {
		return engine.Transition{}, engine.Permanent(errors.New("no"))
	})
	w := oneStep("parent", func(*engine.Context, *count) (engine.Transition, error) {
		return engine.Spawn(slices.Values([]engine.Child{leaf.Name.Child(count{}, nil)}), "end"), nil
	})
	w.Steps = append(w.Steps, engine.Step[count]{Name: "end", Do: func(*engine.Context, *count) (engine.Transition, error) {
		return engine.Done(int64(1)), nil
	}})
	eng := newEngine(t, w, leaf)
	if _, err := w.Name.Run(t.Context(), eng, count{}, nil); err != nil {
		t.Fatal(err)
	}
	if child, err := eng.Retry(t.Context(), 2, nil); err != nil || child.Status != engine.Pending {
		t.Errorf("the child is %s, %v; want pending", child.Status, err)
	}
	mustBeSound(t, eng)
}
