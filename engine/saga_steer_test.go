package engine_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// stuckSaga is a run whose undo of the hotel has failed for good.
func stuckSaga(t *testing.T) (*engine.Engine, *agency) {
	t.Helper()
	a := &agency{fails: map[string]error{"pay": errNoMoney, "undo hotel": errors.New("no answer")}}
	w := a.flow()
	w.Steps[2].Retry = engine.Retry{Attempts: 2, Initial: time.Millisecond}
	eng := newEngine(t, w)
	if _, err := journeys.Start(t.Context(), eng, journey{}, nil); err != nil {
		t.Fatal(err)
	}
	run, err := eng.Execute(t.Context(), 1, nil)
	if want := `undo of step "hotel" (visit 3) failed: no answer`; err != nil || run.Status != engine.Blocked || run.Reason != want {
		t.Fatalf("Execute = %s: %q, %v; want blocked: %s", run.Status, run.Reason, err, want)
	}
	if run.Ending != engine.Failed || run.Error != "no money" {
		t.Fatalf("ends as %s: %q; want it to keep that it has failed, and why", run.Ending, run.Error)
	}
	return eng, a
}

// An undo that fails is tried again by the step's policy, each attempt recorded; then the run is blocked,
// and a person who resumes it gives the undo all its attempts again.
func TestUndoThatFailsBlocks(t *testing.T) {
	t.Parallel()
	eng, a := stuckSaga(t)
	var failed []engine.Event
	for _, ev := range history(t, eng, 1) {
		if ev.Kind == "undo" && ev.Error != "" {
			failed = append(failed, ev)
		}
	}
	if len(failed) != 2 || failed[0].Attempt != 1 || failed[1].Attempt != 2 || failed[1].Step != "hotel" || failed[1].Error != "no answer" {
		t.Errorf("failed attempts = %+v, want two of the hotel", failed)
	}
	undos, err := eng.Undos(t.Context(), 1)
	if err != nil || len(undos) != 3 || undos[1] != (engine.Undo{Visit: 3, Step: "hotel", State: engine.UndoOpen, Attempts: 2, Failures: 2, Error: "no answer"}) {
		t.Errorf("Undos = %+v, %v", undos, err)
	}
	why, err := eng.Why(t.Context(), 1)
	if err != nil || !strings.Contains(why.Remedy, "--skip") {
		t.Errorf("Why = %+v, %v; want the remedies", why, err)
	}
	if _, err := eng.Resume(t.Context(), 1, nil); err != nil {
		t.Fatal(err)
	}
	run, err := eng.Execute(t.Context(), 1, nil)
	if err != nil || run.Status != engine.Blocked {
		t.Fatalf("Execute = %s, %v; want blocked again", run.Status, err)
	}
	if undos, err = eng.Undos(t.Context(), 1); err != nil || undos[1].Attempts != 4 || undos[1].Failures != 2 {
		t.Errorf("after a resume %+v, %v; want two more attempts", undos[1], err)
	}
	a.fail("undo hotel", nil)
	if _, err := eng.Resume(t.Context(), 1, nil); err != nil {
		t.Fatal(err)
	}
	if run, err = eng.Execute(t.Context(), 1, nil); err != nil || run.Status != engine.Failed || run.Error != "no money" {
		t.Errorf("Execute = %s: %q, %v; want failed as it was to", run.Status, run.Error, err)
	}
	mustUndo(t, eng, 1, "4 pay done", "3 hotel done", "1 flight done")
}

// A person skips one undo, and the run goes on with the next.
func TestSkipAnUndo(t *testing.T) {
	t.Parallel()
	eng, _ := stuckSaga(t)
	run, err := eng.Resume(t.Context(), 1, &engine.ResumeOptions{Skip: "I called them"})
	if err != nil || run.Status != engine.Compensating {
		t.Fatalf("Resume = %s, %v; want compensating", run.Status, err)
	}
	if run, err = eng.Execute(t.Context(), 1, nil); err != nil || run.Status != engine.Failed {
		t.Fatalf("Execute = %s, %v; want failed", run.Status, err)
	}
	mustUndo(t, eng, 1, "4 pay done", "3 hotel skipped", "1 flight done")
	undos, err := eng.Undos(t.Context(), 1)
	if err != nil || !strings.HasPrefix(undos[1].Reason, "I called them (by ") {
		t.Errorf("skipped because of %q, %v; want reason and person", undos[1].Reason, err)
	}
	if !slices.ContainsFunc(history(t, eng, 1), func(ev engine.Event) bool {
		return ev.Kind == "undo" && ev.Visit == 3 && strings.Contains(string(ev.Detail), `"reason":"I called them","skipped":3`)
	}) {
		t.Errorf("the history does not tell of the skip: %+v", history(t, eng, 1))
	}
	if got, want := stateOf(t, eng, 1), "flight, think, hotel, undo pay#4, undo flight#1"; got != want {
		t.Errorf("state = %q, want %q", got, want)
	}
}

// A person takes all that is left over, and the run ends, whatever it stood still in.
func TestTakeOverASaga(t *testing.T) {
	t.Parallel()
	for _, paused := range []bool{false, true} {
		eng, a := stuckSaga(t)
		if paused {
			if _, err := eng.Resume(t.Context(), 1, nil); err != nil {
				t.Fatal(err)
			}
			if run, err := eng.Pause(t.Context(), 1, "wait"); err != nil || run.Status != engine.Paused {
				t.Fatalf("Pause = %s, %v", run.Status, err)
			}
		}
		run, err := eng.Resume(t.Context(), 1, &engine.ResumeOptions{TakeOver: "by hand"})
		if err != nil || run.Status != engine.Failed || run.Error != "no money" || run.Ending != "" {
			t.Fatalf("Resume = %s: %q, %v; want failed", run.Status, run.Error, err)
		}
		mustUndo(t, eng, 1, "4 pay done", "3 hotel skipped", "1 flight skipped")
		if slices.Contains(a.called(), "undo flight") {
			t.Error("the flight was undone though a person has taken over")
		}
		if n := scalar(t, eng.Path(), "SELECT count(*) FROM wf_calls"); n != 0 {
			t.Errorf("%d recorded calls are left", n)
		}
		list := kinds(t, eng, 1)
		if got, want := list[len(list)-3:], []string{"resumed", "undo", "failed"}; !slices.Equal(got, want) {
			t.Errorf("history ends with %v, want %v", got, want)
		}
	}
}

// The options of a saga need one, and what does not fit is refused without a change.
func TestWrongWaysToResumeASaga(t *testing.T) {
	t.Parallel()
	eng, _ := stuckSaga(t)
	before, err := eng.Get(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, opts := range []engine.ResumeOptions{
		{From: "flight"}, {Skip: "a", TakeOver: "b"}, {Map: map[string]string{"hotel": "think"}}, {Map: map[string]string{"hotel": "nowhere"}},
	} {
		if _, err := eng.Resume(t.Context(), 1, &opts); !isInput(err) {
			t.Errorf("Resume(%+v) = %v, want an InputError", opts, err)
		}
	}
	if after, err := eng.Get(t.Context(), 1); err != nil || after.Seq != before.Seq || after.Status != engine.Blocked {
		t.Errorf("run = %s, seq %d, %v; want it as it was", after.Status, after.Seq, err)
	}
	run, err := journeys.Start(t.Context(), eng, journey{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := eng.Resume(t.Context(), run.ID, &engine.ResumeOptions{Skip: "why not"}); !isInput(err) {
		t.Errorf("Resume of a run that undoes nothing = %v, want an InputError", err)
	}
}

func isInput(err error) bool {
	_, ok := errors.AsType[*engine.InputError](err)
	return ok
}

// Nobody cancels a run that is on its way to its end: nothing is left half undone.
func TestCancelWhileUndoingChangesNothing(t *testing.T) {
	t.Parallel()
	eng, _ := stuckSaga(t)
	before, err := eng.Get(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	run, err := eng.Cancel(t.Context(), 1, "stop it")
	if err != nil || run.Status != engine.Blocked || run.Seq != before.Seq || run.Ending != engine.Failed {
		t.Errorf("Cancel of a blocked one = %s, seq %d, %v; want it as it was", run.Status, run.Seq, err)
	}

	in, goOn := make(chan bool, 1), make(chan bool)
	a := &agency{fails: map[string]error{"pay": errNoMoney}, hook: func(_ *engine.Context, call string) error {
		if call == "undo hotel" {
			in <- true
			<-goOn
		}
		return nil
	}}
	eng = newEngine(t, a.flow())
	serve(t, eng)
	if run, err = journeys.Start(t.Context(), eng, journey{}, nil); err != nil {
		t.Fatal(err)
	}
	<-in
	if run, err = eng.Cancel(t.Context(), run.ID, "stop it"); err != nil || run.Want != "" || run.Status != engine.Compensating {
		t.Errorf("Cancel of one that executes = %s, wants %q, %v; want it left alone", run.Status, run.Want, err)
	}
	close(goOn)
	if run, err = eng.Wait(t.Context(), run.ID); err != nil || run.Status != engine.Failed {
		t.Errorf("Wait = %s, %v; want failed", run.Status, err)
	}
}

// An Undo that panics has failed.
func TestUndoThatPanics(t *testing.T) {
	t.Parallel()
	tries := 0
	a := &agency{fails: map[string]error{"pay": errNoMoney}, hook: func(_ *engine.Context, call string) error {
		if tries++; call == "undo flight" && tries < 6 {
			panic("no way")
		}
		return nil
	}}
	w := a.flow()
	w.Steps = slices.Delete(w.Steps, 1, 3)
	eng := newEngine(t, w)
	if _, err := journeys.Run(t.Context(), eng, journey{}, nil); err == nil || !strings.Contains(err.Error(), "no money") {
		t.Fatalf("Run = %v, want a failure", err)
	}
	n := slices.IndexFunc(history(t, eng, 1), func(ev engine.Event) bool { return ev.Kind == "undo" && ev.Error == "panic: no way" })
	if n < 0 || !strings.Contains(string(history(t, eng, 1)[n].Detail), "saga_steer_test.go") {
		t.Errorf("history = %+v, want the panic and its stack", history(t, eng, 1))
	}
}

// A run that another version of the program cannot undo is blocked. It goes on with the step that has the
// Undo now.
func TestUndoThatIsGone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	startedSaga(t, path)
	withEngine(t, path, func(eng *engine.Engine) {
		run, err := eng.Execute(t.Context(), 1, nil)
		if err != nil || run.Status != engine.Blocked {
			t.Fatalf("Execute = %s, %v; want blocked", run.Status, err)
		}
	}, (&agency{fails: map[string]error{"pay": errNoMoney, "undo hotel": errNoMoney}}).flow())

	a := &agency{}
	w := a.flow()
	w.Steps[2].Name = "inn"
	eng := openEngine(t, engine.Config{Path: path}, w)
	if _, err := eng.Resume(t.Context(), 1, nil); err != nil {
		t.Fatal(err)
	}
	run, err := eng.Execute(t.Context(), 1, nil)
	if err != nil || run.Status != engine.Blocked || !strings.Contains(run.Reason, `undo of step "hotel" (visit 3) failed: version 0 has no step "hotel"`) {
		t.Fatalf("Execute = %s: %q, %v; want blocked", run.Status, run.Reason, err)
	}
	if _, err := eng.Resume(t.Context(), 1, &engine.ResumeOptions{Map: map[string]string{"hotel": "inn"}}); err != nil {
		t.Fatal(err)
	}
	if run, err = eng.Execute(t.Context(), 1, nil); err != nil || run.Status != engine.Failed {
		t.Errorf("Execute = %s: %q, %v; want failed", run.Status, run.Reason, err)
	}
	mustUndo(t, eng, 1, "4 pay done", "3 inn done", "1 flight done")
}

// What an Undo saves is there for its next attempt, and the limits of its step hold for it, too.
func TestUndoSavesAndTimesOut(t *testing.T) {
	t.Parallel()
	w := engine.Workflow[journey, string]{Name: journeys, Steps: []engine.Step[journey]{{
		Name: "pay", Timeout: 2 * time.Second, Retry: engine.Retry{Initial: time.Millisecond},
		Do: func(*engine.Context, *journey) (engine.Transition, error) { return engine.Transition{}, errNoMoney },
		Undo: func(ctx *engine.Context, s *journey) error {
			if len(s.Log) == 0 {
				s.Log = append(s.Log, "saved")
				if err := engine.Exec(ctx, "ask", func(context.Context) error { return nil }); err != nil {
					return err
				}
				if err := ctx.Save(); err != nil {
					return err
				}
				<-ctx.Done()
				return context.Cause(ctx)
			}
			s.Log = append(s.Log, "undone")
			return engine.Exec(ctx, "ask", func(context.Context) error { return nil }) // the second one
		},
	}}}
	eng := newEngine(t, w)
	if _, err := journeys.Run(t.Context(), eng, journey{}, nil); err == nil || !strings.Contains(err.Error(), "no money") {
		t.Fatalf("Run = %v, want a failure", err)
	}
	if got, want := stateOf(t, eng, 1), "saved, undone"; got != want {
		t.Errorf("state = %q, want %q", got, want)
	}
	list := kinds(t, eng, 1)
	want := []string{"created", "attempt", "compensating", "claimed", "call", "checkpoint", "undo", "claimed", "call", "undo", "failed"}
	if !slices.Equal(list, want) {
		t.Errorf("history = %v, want %v", list, want)
	}
	if ev := history(t, eng, 1)[6]; !strings.Contains(ev.Error, "timed out") {
		t.Errorf("the first attempt ended with %q, want its time over", ev.Error)
	}
}
