package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// whyWaiting says what a waiting run waits for, and how to bring it on.
func (e *Engine) whyWaiting(ctx context.Context, run Run) (cause, remedy string, err error) {
	switch run.Waiting.Kind {
	case store.WaitSignal:
		cause, remedy = e.whySignal(run)
	case store.WaitChildren:
		cause, remedy, err = e.whyChildren(ctx, run)
	case store.WaitLimit:
		return fmt.Sprintf("it waits for a place among its siblings: run %d limits how many are in flight", run.Parent),
			e.command("why", run.Parent), nil
	case store.WaitTimer:
		cause = "it sleeps until " + clockText(run.Due) + ", then goes on with step " + run.Step
	case store.WaitStart:
		cause = "it is to begin at " + clockText(run.Due)
	default:
		cause = fmt.Sprintf("%s, until %s", run.Reason, clockText(run.Due))
		if run.Error != "" {
			cause += ": " + run.Error
		}
		remedy = e.command("resume", run.ID) + " tries it now"
	}
	if run.Waiting.Else != "" {
		cause += "; at " + clockText(run.Due) + " it goes on with step " + run.Waiting.Else + " instead"
	}
	if !run.Deadline.IsZero() {
		cause += "; its deadline is " + clockText(run.Deadline)
	}
	if !run.Due.IsZero() && !run.Due.After(e.clock.Now()) {
		return cause + " (that time has come: no worker has taken it yet)", e.cfg.Program + " worker, or " + e.command("resume", run.ID), err
	}
	return cause, remedy, err
}

func (e *Engine) whySignal(run Run) (cause, remedy string) {
	parts := make([]string, len(run.Waiting.Signals))
	for i, b := range run.Waiting.Signals {
		parts[i] = b.Signal + " (leads to step " + b.Step + ")"
	}
	return "it waits for signal " + strings.Join(parts, " or "), e.command("signal", run.ID) + " " + run.Waiting.Signals[0].Signal + " --data JSON"
}

func (e *Engine) whyChildren(ctx context.Context, run Run) (cause, remedy string, err error) {
	n, err := e.store.ChildCounts(ctx, run.ID)
	if err != nil {
		return "", "", err
	}
	cause = fmt.Sprintf("it waits for its children: %d of %d have ended", n.Ended, n.Total)
	if n.Lost > 0 {
		cause += fmt.Sprintf(", %d of them without completing", n.Lost)
	}
	if n.FirstOpen != 0 {
		remedy = "the first that is open: " + e.command("why", n.FirstOpen)
	}
	return cause, remedy, nil
}

// clockText is a time for people who may want to type it.
func clockText(t time.Time) string { return t.UTC().Format(time.RFC3339) }
