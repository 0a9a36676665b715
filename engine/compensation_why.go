package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// whyCompensating says what a run that undoes its steps is at, and when it goes on.
func (e *Engine) whyCompensating(ctx context.Context, run Run) (cause, remedy string, err error) {
	next, err := e.store.Undos(ctx, run.ID, store.UndoFilter{Open: true, Limit: 1})
	if err != nil || len(next) == 0 {
		return "it has undone its steps, and ends now: " + string(run.Ending), "", err
	}
	count, err := e.store.UndosLeft(ctx, run.ID)
	if err != nil {
		return "", "", err
	}
	u := &next[0]
	cause = fmt.Sprintf("undoing step %s (%d of %d left)", u.Step, count.Open, count.Total)
	attempt := fmt.Sprintf("attempt %d", u.Failures+1)
	if def := e.defs[run.Workflow]; def != nil {
		attempt += " of " + undoRetry(def.steps[u.Step].Retry).limit()
	}
	if u.Failures > 0 || !run.Due.IsZero() {
		cause += ", " + attempt
	}
	if !run.Due.IsZero() {
		cause += " at " + run.Due.Format(time.RFC3339)
	}
	if u.Error != "" {
		cause += ": " + u.Error
	}
	switch {
	case run.Worker != 0:
		executes, remedy, err := e.whyUndoing(ctx, run)
		return cause + "; " + executes, remedy, err
	case run.Due.After(e.clock.Now()):
		return cause, "", nil
	case !slices.Contains(e.names, run.Workflow):
		return cause, "start a worker of the program that has workflow " + run.Workflow, nil
	case !e.anyWorker(ctx):
		return cause + "; no worker lives that could go on with it", e.cfg.Program + " worker, or " + e.command("resume", run.ID), nil
	}
	return cause, "", nil
}

// whyUndoing says who executes the undo.
func (e *Engine) whyUndoing(ctx context.Context, run Run) (cause, remedy string, err error) {
	workers, err := e.Workers(ctx)
	if err != nil {
		return "", "", err
	}
	for _, w := range workers {
		if w.ID == run.Worker && w.Alive {
			return "executed by pid " + number(int64(w.PID)) + " on " + w.Host + ", which lives", "", nil
		}
	}
	return "its worker has died", e.command("resume", run.ID) + ", or any worker takes it over", nil
}
