package enginetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/durable-wf/wf/engine"
)

// Run starts a run, waits for its end and returns its result. Anything but a completed run fails the test. opts
// may be nil.
func Run[S, R any](e *Engine, name engine.Name[S, R], s S, opts *engine.StartOptions) R {
	e.t.Helper()
	run := e.Await(Start(e, name, s, opts).ID)
	return Result(e, name, run)
}

// Start starts a run and does not wait for it. opts may be nil.
func Start[S, R any](e *Engine, name engine.Name[S, R], s S, opts *engine.StartOptions) engine.Run {
	e.t.Helper()
	run, err := name.Start(e.t.Context(), e.Engine, s, opts)
	if err != nil {
		e.t.Fatalf("starting %q: %v", string(name), err)
	}
	return run
}

// Result returns the result of a run that has completed; any other fails the test.
func Result[S, R any](e *Engine, _ engine.Name[S, R], run engine.Run) R {
	e.t.Helper()
	var r R
	if run.Status != engine.Completed {
		e.t.Fatalf("%s", e.story(run))
	}
	if run.Result == nil {
		return r
	}
	if err := json.Unmarshal(run.Result, &r); err != nil {
		e.t.Fatalf("run %d: result: %v", run.ID, err)
	}
	return r
}

// Await waits for the end of a run, or until it needs a person, and returns it as it is then. A run that
// nothing would ever move on, such as one that waits for a signal that nobody has promised to send, fails the
// test.
func (e *Engine) Await(id int64) engine.Run {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(e.t.Context(), e.patience)
	defer cancel()
	ctx, leave := e.strand(ctx)
	defer leave()
	run, err := await(ctx, e.Engine, id)
	switch {
	case errors.Is(err, errStranded):
		e.t.Fatalf("nothing will happen any more, at %s: %s", e.Now().Format(time.RFC3339), e.story(run))
	case err != nil:
		e.t.Fatalf("waiting for run %d: %v: %s", id, err, e.story(run))
	}
	return run
}

// await is Engine.Wait, but ends also when the run needs a person.
func await(ctx context.Context, eng *engine.Engine, id int64) (engine.Run, error) {
	waiting, cancel := context.WithCancelCause(ctx)
	var looks sync.WaitGroup
	defer looks.Wait()
	defer cancel(nil)
	ticks := eng.Watch(waiting)
	looks.Go(func() { // ends with waiting
		for stands(ctx, eng, id) == nil {
			if _, ok := <-ticks; !ok {
				return
			}
		}
		cancel(errNeedsPerson)
	})
	run, err := eng.Wait(waiting, id)
	if err == nil {
		return run, nil
	}
	now, lost := eng.Get(context.WithoutCancel(ctx), id)
	switch {
	case lost != nil:
		return run, err
	case stands(ctx, eng, id) != nil:
		return now, nil
	}
	return now, err // as it is now, not as it was when the wait began
}

// stands returns errNeedsPerson if a run stands still until a person moves it on.
func stands(ctx context.Context, eng *engine.Engine, id int64) error {
	run, err := eng.Get(context.WithoutCancel(ctx), id)
	if err == nil && (run.Status == engine.Blocked || run.Status == engine.Paused) {
		return errNeedsPerson
	}
	return nil
}

var (
	errNeedsPerson = errors.New("the run needs a person")
	errStranded    = errors.New("nothing will happen any more")
)

// stranded is how one who waits is told that there is nothing to wait for.
type stranded struct{ cancel context.CancelCauseFunc }

// strand returns a context that ends with errStranded when nothing is left to do, ever.
func (e *Engine) strand(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	s := &stranded{cancel}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.waits[s] = true
	return ctx, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.waits, s)
		cancel(nil)
	}
}

// idle is called when nothing is left to do at the present time while somebody waits.
func (e *Engine) idle(next time.Time) (acted bool) {
	if e.deliver(next) {
		return true
	}
	if next.IsZero() {
		e.mu.Lock()
		defer e.mu.Unlock()
		for s := range e.waits {
			s.cancel(errStranded)
		}
	}
	return false
}

func (e *Engine) story(run engine.Run) string { return storyOf(e.Engine, run) }

// storyOf tells where a run is and how it came there, for a failure of the test.
func storyOf(eng *engine.Engine, run engine.Run) string {
	why, err := eng.Why(context.Background(), run.ID)
	if err != nil {
		return fmt.Sprintf("run %d (%s) is %s", run.ID, run.Workflow, run.Status)
	}
	text := fmt.Sprintf("run %d (%s) is %s in step %q: %s", run.ID, run.Workflow, why.Run.Status, why.Run.Step, why.Cause)
	var events []engine.Event
	for page, err := range eng.HistoryPages(context.Background(), engine.HistoryFilter{Run: run.ID}) {
		if err != nil {
			return text
		}
		events = append(events, page...)
		events = events[max(0, len(events)-storyEvents):]
	}
	for _, ev := range events {
		text += "\n  " + line(ev)
	}
	return text
}

const storyEvents = 12 // are told at most

// line is an event on one line.
func line(ev engine.Event) string {
	text := fmt.Sprintf("%d %s", ev.Seq, ev.Kind)
	if ev.Step != "" {
		text += " " + ev.Step
	}
	if ev.Next != "" {
		text += " → " + ev.Next
	}
	if ev.Error != "" {
		text += ": " + ev.Error
	}
	return text
}
