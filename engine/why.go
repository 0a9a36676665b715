package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/durable-wf/wf/engine/internal/input"
)

// Why is the one cause that holds a run, and what moves it on.
type Why struct {
	Run    Run
	Cause  string
	Remedy string // a command of this program, mostly; "" if there is nothing to do
	Origin string // the schedule that has started it, and for when; "" for a run that none has
}

// Why names the one cause that holds a run.
func (e *Engine) Why(ctx context.Context, id int64) (Why, error) {
	run, err := e.outline(ctx, id)
	if err != nil {
		return Why{}, err
	}
	w := Why{Run: run}
	if w.Origin, err = e.startedBy(ctx, run); err != nil {
		return w, err
	}
	switch run.Status {
	case Pending:
		w.Cause, w.Remedy, err = e.whyPending(ctx, run)
	case Running:
		w.Cause, w.Remedy, err = e.whyRunning(ctx, run)
	case Waiting:
		w.Cause, w.Remedy, err = e.whyWaiting(ctx, run)
	case Suspended:
		w.Cause, w.Remedy = "it was stopped in an orderly way at "+at(run), e.command("resume", id)
	case Paused:
		w.Cause, w.Remedy = "it is paused: "+run.Reason, e.command("resume", id)
		if run.Packed != nil {
			w.Remedy = run.Packed.remedy(e, id)
		}
	case Blocked:
		w.Cause, w.Remedy = "it is blocked: "+run.Reason, e.unblock(ctx, run)
	case Compensating:
		w.Cause, w.Remedy, err = e.whyCompensating(ctx, run)
	default:
		w.Cause = "it has ended: " + string(run.Status)
		if why := run.reason(); why != "" {
			w.Cause += ": " + why
		}
		if run.Status == Failed {
			w.Remedy, err = e.whatAfterFailure(ctx, id)
		}
	}
	return w, err
}

// whatAfterFailure says how to go on after a failure. A run whose steps were undone cannot be retried.
func (e *Engine) whatAfterFailure(ctx context.Context, id int64) (remedy string, err error) {
	remedy = "see its state with " + e.command("state", id) + ", stacks with " + e.command("history", id) + " -o json; mend the cause, then "
	undos, err := e.Undos(ctx, id)
	if len(undos) > 0 {
		return remedy + "start it again: its steps were undone", err
	}
	return remedy + e.command("retry", id), err
}

func (e *Engine) whyPending(ctx context.Context, run Run) (cause, remedy string, err error) {
	if cause, remedy, err = e.whyQueue(ctx, run); err != nil || cause != "" {
		return cause, remedy, err
	}
	switch {
	case !e.anyWorker(ctx):
		return "no worker lives that could take it", e.cfg.Program + " worker, or " + e.command("resume", run.ID), nil
	case !slices.Contains(e.names, run.Workflow):
		return "it is enqueued, and this program has no workflow " + run.Workflow, "start a worker of the program that has it", nil
	}
	return "it is enqueued until a worker has a free slot", "", nil
}

func (e *Engine) whyRunning(ctx context.Context, run Run) (cause, remedy string, err error) {
	workers, err := e.Workers(ctx)
	if err != nil {
		return "", "", err
	}
	for _, w := range workers {
		if w.ID != run.Worker {
			continue
		}
		if w.Alive {
			return "step " + run.Step + " is executed by pid " + number(int64(w.PID)) + " on " + w.Host + ", which lives; its last commit was " +
				e.clock.Now().Sub(run.Updated).Round(time.Millisecond).String() + " ago", "", nil
		}
	}
	return "its worker has died at " + at(run), e.command("resume", run.ID) + ", or any worker takes it over", nil
}

// unblock says how a blocked run goes on. One whose step the definition has no more goes on in another; one
// whose state it cannot read, with what it can.
func (e *Engine) unblock(ctx context.Context, run Run) string {
	def := e.defs[run.Workflow]
	if run.Ending != "" {
		return "mend the cause, then " + e.command("resume", run.ID) + "; or leave this undo to a person: " + e.command("resume", run.ID) + " --skip REASON"
	}
	if def == nil {
		return "mend the cause, then " + e.command("resume", run.ID)
	}
	if _, ok := def.fingerprints[run.Step]; ok {
		if e.unreadable(ctx, run.ID) != nil {
			return "let Migrate read what was written, or drop what does not fit: " + e.command("resume", run.ID) + " --accept"
		}
		return "mend the cause, then " + e.command("resume", run.ID)
	}
	to := cmp.Or(input.Nearest(run.Step, slices.Sorted(maps.Keys(def.fingerprints))), "NEW")
	return e.command("resume", run.ID) + " --map " + run.Step + "=" + to
}

// command is what to type to do something with a run.
func (e *Engine) command(verb string, id int64) string {
	return e.cfg.Program + " " + verb + " " + number(id)
}

// at says where a run is, for people.
func at(run Run) string {
	if run.Brief == "" {
		return "step " + run.Step
	}
	return "step " + run.Step + ", " + run.Brief
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
