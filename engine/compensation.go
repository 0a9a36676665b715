package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// compensate undoes what the run has done, newest visit first, and ends it then as it was to. What comes of
// each undo is committed before the next begins, so that no crash lets it run again once it has succeeded.
func (x *execution) compensate(ctx context.Context) error {
	if x.def == nil {
		return x.block(ctx, fmt.Errorf("this program has no workflow %q", x.row.Workflow))
	}
	if bad := checkpointFault(x.row.Checkpoint); bad != nil { // an older one would not know all that was done
		return x.block(ctx, fmt.Errorf("the checkpoint of seq %d is corrupt: %w", x.row.Seq, bad))
	}
	x.tellBegin()
	for before := int64(0); ; {
		if cause := x.stopped(); cause != nil {
			x.halting.note()
			return x.halt(ctx, cause)
		}
		next, err := x.eng.store.Undos(ctx, x.row.ID, store.UndoFilter{Open: true, Before: before, Limit: 1})
		if err != nil {
			return fmt.Errorf("run %d: what is to be undone: %w", x.row.ID, err)
		}
		if len(next) == 0 {
			return x.compensated(ctx)
		}
		if x.row.Deaths >= maxDeaths {
			return x.block(ctx, fmt.Errorf("%d owners in a row died while %s: mend the cause, then resume it", x.row.Deaths, undoing(&next[0])))
		}
		before = next[0].Visit
		goOn, err := x.undo(ctx, &next[0])
		if !goOn || err != nil {
			return err
		}
	}
}

// undoing says what a run does.
func undoing(u *store.Undo) string { return fmt.Sprintf("undoing step %q (visit %d)", u.Step, u.Visit) }

// compensated commits the end of the run, all of whose undos are done or skipped.
func (x *execution) compensated(ctx context.Context) error {
	next := undoneRow(x.row)
	h := x.event(next.Status, -1)
	h.Error, h.Detail = next.Error, detail("reason", next.Reason)
	return x.commit(ctx, &store.Change{Row: next, History: []store.History{h}})
}

// undoneRow is the row of a run that ends now that nothing is left to undo.
func undoneRow(next store.Run) store.Run {
	next.Status, next.Ending, next.Owner, next.DueUS, next.Reason = next.Ending, "", 0, 0, ""
	if next.Status == string(Cancelled) {
		next.Reason, next.Error = next.Error, ""
	}
	return next
}

// undo runs one attempt to undo a visit and commits what it came to. It reports whether the run goes on
// here, driven by the caller.
func (x *execution) undo(ctx context.Context, u *store.Undo) (goOn bool, err error) {
	x.turnTo(u)
	if goOn, err := x.loadRecords(ctx); !goOn || err != nil {
		return false, err
	}
	x.begun = time.Now()
	x.eng.log.DebugContext(ctx, "undo", "run_id", x.row.ID, "workflow", x.row.Workflow, "step", u.Step, "attempt", u.Attempts+1)
	step := x.def.steps[u.Step] // if there is none, RunUndo says so
	w := x.watch(ctx, &limits{step: u.Step, timeout: step.Timeout, left: step.Timeout, heartbeat: step.Heartbeat}, x.undoRef())
	x.observeBegin(w.ref)
	x.tried, x.active, x.entered = 0, x.row.ActiveUS, time.Now()
	x.visit(w)
	if !w.perform(&x.given, &x.out) {
		return false, nil
	}
	return x.conclude(ctx, w, &x.out)
}

// concludeUndo is conclude for an attempt at an undo.
func (x *execution) concludeUndo(ctx context.Context, w *watchdog, out *Outcome) (goOn bool, err error) {
	u := x.undoes
	defer x.turnTo(nil)
	x.mu.Lock()
	x.row.ActiveUS = x.active + time.Since(x.entered).Microseconds()
	x.mu.Unlock()
	cause, took, over := x.stopped(), time.Since(w.begun), w.verdict(out.Err)
	if x.observesSteps() {
		defer func() { x.observeStep(StepEvent{Ref: w.ref, Took: took}, out, cause, over, err) }()
	}
	switch {
	case lost(cause):
		return false, cause
	case out.Refuse != nil && !errors.Is(out.Refuse, ErrStopped):
		return false, out.Refuse
	case over != nil:
		return false, x.undoFailed(ctx, u, over, took)
	case out.Refuse != nil, out.Err != nil && cause != nil:
		return false, x.halt(ctx, cause)
	case out.Err != nil:
		return false, x.undoFailed(ctx, u, out.Err, took)
	}
	return true, x.undone(ctx, u, out, took)
}

// turnTo makes a visit the one whose calls and events are recorded; nil stands for the run's present one.
func (x *execution) turnTo(u *store.Undo) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.undoes, x.records, x.stored = u, nil, nil
}

// undoRef names the visit that is undone.
func (x *execution) undoRef() Ref {
	ref, u := x.ref(), x.undoes
	ref.Step, ref.Visit, ref.Attempt, ref.Undo = u.Step, int(u.Visit), int(u.Attempts)+1, true
	return ref
}

// undone commits that a visit was undone, with the state as the undo has left it.
func (x *execution) undone(ctx context.Context, u *store.Undo, out *Outcome, took time.Duration) error {
	h := x.event("undo", took)
	h.Detail = out.State.detail()
	c := out.State.change(&x.row)
	x.checkpoint(&c.Row, &out.State)
	done := *u
	done.State, done.Attempts, done.Failures, done.Error = string(UndoDone), u.Attempts+1, 0, ""
	c.Undo, c.History = []store.Undo{done}, []store.History{h}
	return x.commit(ctx, c)
}

// undoFailed commits a failed attempt at an undo: the next one comes later, or the run is blocked.
func (x *execution) undoFailed(ctx context.Context, u *store.Undo, err error, took time.Duration) error {
	failed := fmt.Errorf("undo of step %q (visit %d) failed: %w", u.Step, u.Visit, err)
	if _, ok := errors.AsType[*blockedError](err); ok { // it was not even tried
		return x.block(ctx, failed)
	}
	retry := undoRetry(x.def.steps[u.Step].Retry)
	err = retry.judge(err)
	h := x.event("undo", took)
	h.Error = err.Error()
	if p, ok := errors.AsType[*PanicError](err); ok {
		h.Detail = detail("stack", p.Stack)
	}
	tried := *u
	tried.Attempts, tried.Failures, tried.Error = u.Attempts+1, u.Failures+1, err.Error()
	c := &store.Change{Row: x.row, Undo: []store.Undo{tried}, History: []store.History{h}}
	c.Row.Owner = 0
	if isPermanent(err) || retry.exhausted(tried.Failures) {
		c.Row.Status, c.Row.Reason = string(Blocked), failed.Error()
		end := x.event("blocked", -1)
		end.Error = failed.Error()
		c.History = append(c.History, end)
		x.eng.log.ErrorContext(ctx, "run blocked", "run_id", x.row.ID, "workflow", x.row.Workflow, "step", u.Step, "error", failed)
		return x.commit(ctx, c)
	}
	pause := retry.pause(tried.Failures)
	c.Row.DueUS = x.eng.clock.Now().Add(pause).UnixMicro()
	x.eng.log.WarnContext(ctx, "retry of an undo", "run_id", x.row.ID, "workflow", x.row.Workflow, "step", u.Step,
		"attempt", tried.Attempts, "pause", pause, "error", err)
	return x.commit(ctx, c)
}

// ensureUndo makes sure, before an attempt of a step that can be undone, that the visit will be undone if
// the run fails. Mostly that was written with the transition into the visit; it was not if a signal, a time
// or a person has led here.
func (x *execution) ensureUndo(ctx context.Context) error {
	r := &x.row
	if x.undoable == r.Visit || !x.def.steps[r.Step].Undo {
		return nil
	}
	known, err := x.eng.store.Undos(ctx, r.ID, store.UndoFilter{Open: true, Before: r.Visit + 1, Limit: 1})
	if err != nil {
		return fmt.Errorf("run %d: what may have to be undone: %w", r.ID, err)
	}
	if len(known) == 0 || known[0].Visit != r.Visit || known[0].Step != r.Step {
		err := x.eng.store.Update(ctx, func(tx *store.Tx) error { return tx.EnsureUndo(r.ID, r.Epoch, r.Visit, r.Step) })
		if err != nil {
			return x.storageError(err)
		}
	}
	x.undoable = r.Visit
	return nil
}

// undoRows are the rows of what may have to be undone once the run is where next says.
func (x *execution) undoRows(next *store.Run) []store.Undo {
	if !x.def.steps[next.Step].Undo {
		return nil
	}
	return []store.Undo{{Visit: next.Visit, Step: next.Step, State: string(UndoOpen)}}
}

// undoPage returns a page of the visits of a run that can be undone.
func (e *Engine) undoPage(ctx context.Context, id, before int64, limit int) ([]Undo, error) {
	rows, err := e.store.Undos(ctx, id, store.UndoFilter{Before: before, Limit: limit})
	if err != nil {
		return nil, err
	}
	list := make([]Undo, len(rows))
	for i, r := range rows {
		list[i] = Undo{
			Visit: int(r.Visit), Step: r.Step, State: UndoState(r.State), Attempts: int(r.Attempts), Failures: int(r.Failures),
			Error: r.Error, Reason: r.Reason,
		}
	}
	return list, nil
}

// clearCounters takes the counters of recorded calls out of a checkpoint: the undo that they counted in is
// over.
func clearCounters(c *store.Change) {
	if c.Row.Checkpoint.Counters != "" {
		c.State, c.Row.Checkpoint.Counters = true, ""
	}
}
