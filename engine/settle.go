package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// advance commits the move to the next step.
func (x *execution) advance(ctx context.Context, out Outcome, took time.Duration) error {
	h := x.event("transition", took)
	h.Next = out.Next
	h.Detail = detail("state", out.State.Brief)
	next := x.row
	next.Step, next.Visit, next.Attempt = out.Next, x.row.Visit+1, 1
	x.checkpoint(&next, out.State)
	next.Fingerprint = x.def.fingerprints[out.Next]
	x.mu.Lock()
	forget := len(x.stored) > 0
	x.stored, x.records = nil, nil
	x.mu.Unlock()
	return x.commit(ctx, &store.Change{Row: next, State: true, ForgetCalls: forget, History: []store.History{h}})
}

// complete commits the result and the clean-up of what it makes useless.
func (x *execution) complete(ctx context.Context, out Outcome, took time.Duration) error {
	h := x.event("completed", took)
	h.Detail = detail("state", out.State.Brief, "result", brief(out.Result))
	next := x.row
	x.checkpoint(&next, out.State)
	next.Status, next.Result, next.Owner = string(Completed), store.Payload(out.Result), 0
	next.Reason, next.Error = "", ""
	return x.commit(ctx, &store.Change{Row: next, State: true, History: []store.History{h}})
}

// fail commits a failed attempt: the run waits for the next one, fails, or is blocked.
func (x *execution) fail(ctx context.Context, out Outcome, took time.Duration) error {
	err := out.Err
	if _, ok := errors.AsType[*blockedError](err); ok {
		return x.blockAt(ctx, out)
	}
	h := x.event("attempt", took)
	h.Error = err.Error()
	if p, ok := errors.AsType[*PanicError](err); ok {
		h.Detail = detail("stack", p.Stack)
	}
	next := x.row
	next.Failures++
	next.Error, next.Owner = err.Error(), 0
	retry := x.def.steps[x.row.Step].Retry
	if isPermanent(err) || retry.exhausted(next.Failures) {
		next.Status, next.Reason = string(Failed), ""
		end := x.event("failed", -1)
		end.Error = err.Error()
		return x.commit(ctx, &store.Change{Row: next, History: []store.History{h, end}})
	}
	pause := retry.pause(next.Failures)
	next.Status = string(Waiting)
	next.DueUS = time.Now().Add(pause).UnixMicro()
	next.Reason = fmt.Sprintf("retry %d of %s after an error", next.Failures+1, retry.limit())
	x.eng.log.WarnContext(ctx, "retry", "run_id", x.row.ID, "workflow", x.row.Workflow, "step", x.row.Step,
		"attempt", x.row.Attempt, "pause", pause, "error", err)
	return x.commit(ctx, &store.Change{Row: next, History: []store.History{h}})
}

// block commits that the run cannot go on until a person has looked at it.
func (x *execution) block(ctx context.Context, why error) error {
	return x.blockAt(ctx, Outcome{Err: why})
}

// blockAt is block for a step that has ended well, but whose transition leads nowhere: its state is
// committed, so that a person can send the run on from there.
func (x *execution) blockAt(ctx context.Context, out Outcome) error {
	why := out.Err
	h := x.event("blocked", -1)
	h.Error = why.Error()
	h.Detail = detail("state", out.State.Brief)
	next := x.row
	ended := len(out.State.State.Data) > 0
	if ended {
		x.checkpoint(&next, out.State)
	}
	next.Status, next.Reason, next.Owner = string(Blocked), why.Error(), 0
	x.eng.log.ErrorContext(ctx, "run blocked", "run_id", x.row.ID, "workflow", x.row.Workflow, "step", x.row.Step, "error", why)
	return x.commit(ctx, &store.Change{Row: next, State: ended, ForgetCalls: ended, History: []store.History{h}})
}

// halt commits that the run stops here because of cause.
func (x *execution) halt(ctx context.Context, cause error) error {
	next := x.row
	next.Owner, next.Want, next.WantDetail, next.Deaths, next.Reason = 0, "", "", 0, ""
	kind := ""
	switch {
	case lost(cause):
		return cause
	case errors.Is(cause, ErrPaused):
		next.Status, kind = string(Paused), "paused"
	case errors.Is(cause, ErrCancelled):
		next.Status, kind = string(Cancelled), "cancelled"
	case x.rest == Pending:
		next.Status, kind = string(Pending), "released"
	default:
		next.Status, kind = string(Suspended), "suspended"
	}
	h := x.event(kind, -1)
	if kind == "paused" || kind == "cancelled" {
		h.Detail = x.wanted(ctx)
		next.Reason = reasonOf(h.Detail)
	}
	return x.commit(ctx, &store.Change{Row: next, History: []store.History{h}})
}

// wanted tells who wants the run to stop, and why. That is for people: without it the run stops as well.
func (x *execution) wanted(ctx context.Context) string {
	wants, err := x.eng.store.Wants(context.WithoutCancel(ctx), x.worker.id)
	if err != nil {
		x.eng.log.WarnContext(ctx, "looking for requests", "run_id", x.row.ID, "error", err)
	}
	for _, w := range wants {
		if w.Run == x.row.ID {
			return w.Detail
		}
	}
	return ""
}

// commit applies a change under the lease and takes it over, or reports why this process is not the
// owner any more. A shutdown does not interrupt it: finished work is saved.
func (x *execution) commit(ctx context.Context, c *store.Change) error {
	c.Lease = x.lease
	if err := x.eng.store.Apply(context.WithoutCancel(ctx), c); err != nil {
		return x.storageError(err)
	}
	x.mu.Lock()
	x.row = c.Row
	x.mu.Unlock()
	if status := Status(c.Row.Status); status != Running {
		if status != Waiting {
			x.eng.ended(c.Row.ID) // or stands still: whoever waits looks again
		}
		x.eng.changed()
		if c.Want != "" && !status.Ended() { // it came too late for the step
			return x.eng.fulfil(ctx, c.Row.ID)
		}
	} else if c.Want != "" {
		x.want(c.Want)
	}
	return nil
}

// storageError maps what the store says about an owner's write.
func (x *execution) storageError(err error) error {
	switch {
	case errors.Is(err, store.ErrGuard):
		x.eng.log.Warn("lease lost", "run_id", x.row.ID, "worker", x.worker.id)
		return fmt.Errorf("run %d: %w", x.row.ID, ErrLeaseLost)
	case errors.Is(err, ErrStorage):
		return fmt.Errorf("run %d: %w", x.row.ID, err)
	}
	return fmt.Errorf("run %d: %w: %w", x.row.ID, ErrStorage, err)
}

// event begins a history row of the run's present attempt. took is negative if nothing was timed.
func (x *execution) event(kind string, took time.Duration) store.History {
	h := store.History{
		Kind: kind, Step: x.row.Step, Visit: x.row.Visit, Attempt: x.row.Attempt, Worker: x.worker.id, DurationUS: -1,
	}
	if took >= 0 {
		h.DurationUS = took.Microseconds()
	}
	return h
}
