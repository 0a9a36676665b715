package engine

import (
	"context"
	"fmt"
	"maps"
	"strings"
)

// undoPrefix begins the names of the calls that an Undo records, so that they are kept apart from those of
// the visit that it undoes, which are recorded beside them.
const undoPrefix = "undo:"

// RunUndo undoes one visit of a step, see [Definition].
func (w Workflow[S, R]) RunUndo(ctx context.Context, v Visit, h Host) (out Outcome) {
	w.undoStep(ctx, &v, h, &out)
	return out
}

func (w *Workflow[S, R]) undoStep(ctx context.Context, v *Visit, h Host, out *Outcome) {
	*out = Outcome{}
	defer blockedByPanic(out)
	i := w.index(v.Ref.Step)
	if i < 0 {
		out.Err = blocked(w.missing(v.Ref.Step))
		return
	}
	undo := w.Steps[i].Undo
	if undo == nil {
		out.Err = blocked(fmt.Errorf("version %d of the workflow has no Undo for step %q", w.Version, w.Steps[i].Name))
		return
	}
	v.From.Counters = undoCounters(v.From.Counters)
	a, s, err := w.enter(ctx, i, v, h)
	if err != nil {
		out.Err = err
		return
	}
	*out = a.undone(callUndo(a, undo, s))
}

// undoCounters leaves of a checkpoint's counters those of calls that an undo has recorded: the others are of
// the visit that was executed last.
func undoCounters(counters map[string]int64) map[string]int64 {
	own := maps.Clone(counters)
	maps.DeleteFunc(own, func(name string, _ int64) bool { return !strings.HasPrefix(name, undoPrefix) })
	return own
}

// callUndo calls the undo and turns a panic into an error.
func callUndo[S any](a *attempt, undo func(*Context, *S) error, s *S) (err error) {
	defer caught(&err)
	return undo(&a.ctx, s)
}

// undone ends the attempt at an undo.
func (a *attempt) undone(err error) Outcome {
	refused, misuse := a.end()
	switch {
	case refused != nil:
		return Outcome{Refuse: refused}
	case err != nil:
		return Outcome{Err: err}
	case misuse != nil:
		return Outcome{Err: Permanent(misuse)}
	}
	state, err := a.snapshot()
	if err != nil {
		return Outcome{Err: Permanent(fmt.Errorf("state: %w", err))}
	}
	state.Counters = nil // they count within the undo, which ends here
	return Outcome{State: state}
}

// callName returns the name under which a call is recorded.
func (a *attempt) callName(name string) (string, error) {
	switch {
	case a.where.Undo:
		return undoPrefix + name, nil
	case strings.HasPrefix(name, undoPrefix):
		return "", Permanent(fmt.Errorf("call %q: names that begin with %q are for what an Undo calls", name, undoPrefix))
	}
	return name, nil
}

// undoAttempts is how often an undo is tried if its step's Retry does not say.
const undoAttempts = 5

// undoRetry is the policy by which the undo of a step is retried.
func undoRetry(step Retry) Retry {
	if step.Attempts == 0 {
		step.Attempts = undoAttempts
	}
	return step
}

// UndoState is what became of a visit that can be undone.
type UndoState string

// The states of a visit that can be undone.
const (
	UndoOpen    UndoState = "open"    // to be undone if the run fails or is cancelled
	UndoDone    UndoState = "done"    // it was undone
	UndoSkipped UndoState = "skipped" // a person has decided that it will not be, see [ResumeOptions]
)

// Undo is a visit of a step that can be undone.
type Undo struct {
	Visit    int
	Step     string
	State    UndoState
	Attempts int    // at undoing it
	Failures int    // of them, in a row
	Error    string // of the newest one that failed
	Reason   string // who has skipped it, and why
}

// Undos lists the visits of a run that can be undone, newest first: the order in which that happens. A run
// that has completed has none any more; those of other runs stay as evidence until the run is pruned.
func (e *Engine) Undos(ctx context.Context, id int64) ([]Undo, error) {
	if _, err := e.glance(ctx, id); err != nil {
		return nil, err
	}
	var list []Undo
	for before := int64(0); ; {
		page, err := e.undoPage(ctx, id, before, pageSize)
		if err != nil {
			return nil, err
		}
		list = append(list, page...)
		if len(page) < pageSize {
			return list, nil
		}
		before = int64(page[len(page)-1].Visit)
	}
}
