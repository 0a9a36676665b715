package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// advance commits the move to the next step, or to the wait before it. It reports whether the run goes
// on here.
func (x *execution) advance(ctx context.Context, out *Outcome, took time.Duration) (bool, error) {
	h := x.event("transition", took)
	h.Next = out.Next
	c := out.State.change(&x.row)
	next := &c.Row
	next.Step, next.Visit, next.Attempt, next.TriedUS = out.Next, x.row.Visit+1, 1, 0
	x.checkpoint(next, &out.State)
	next.Fingerprint = x.def.fingerprints[out.Next]
	if err := x.carry(ctx, next, c, out); err != nil {
		return false, x.fail(ctx, &Outcome{Err: err, State: out.State}, took)
	}
	if out.Wait == nil { // else it is written when the wait is over, for the step to which that leads
		c.Undo = x.undoRows(next)
	}
	h.Detail = x.transitionDetail(next, c, out)
	x.mu.Lock()
	forget := len(x.stored) > 0
	x.mu.Unlock()
	c.ForgetCalls, c.History = forget, []store.History{h}
	if x.runsAhead(c, out) {
		x.gather(c, time.Now().Add(-took))
		return true, nil
	}
	if err := x.commit(ctx, c); err != nil {
		return false, x.orFail(ctx, err, took)
	}
	x.mu.Lock()
	x.stored, x.records = nil, nil
	x.mu.Unlock()
	if len(c.Undo) > 0 {
		x.undoable = c.Row.Visit
	}
	return x.row.Status == string(Running), nil
}

// carry puts what goes with a transition into its change: what it waits for, children, messages and SQL.
func (x *execution) carry(ctx context.Context, next *store.Run, c *store.Change, out *Outcome) (err error) {
	c.Effect = x.effect(out.Tx)
	if len(out.Sends) > 0 {
		if c.Sends, err = x.messages(ctx, out.Sends); err != nil {
			return err
		}
	}
	if out.Wait == nil {
		return nil
	}
	return x.hold(next, c, out.Wait)
}

func (x *execution) transitionDetail(next *store.Run, c *store.Change, out *Outcome) string {
	if next.Status != string(Waiting) && len(c.Sends) == 0 {
		return out.State.detail()
	}
	var pairs []any
	if next.Status == string(Waiting) {
		pairs = append(pairs, "wait", json.RawMessage(next.Wait))
		if next.DueUS != 0 {
			pairs = append(pairs, "until", time.UnixMicro(next.DueUS).UTC().Format(time.RFC3339Nano))
		}
	}
	if n := len(c.Spawn); n > 0 {
		pairs = append(pairs, "children", int64(n))
	}
	if n := len(c.Sends); n > 0 {
		pairs = append(pairs, "sends", int64(n))
	}
	return out.State.detail(pairs...)
}

// complete commits the result and the clean-up of what it makes useless.
func (x *execution) complete(ctx context.Context, out *Outcome, took time.Duration) error {
	h := x.event("completed", took)
	h.Detail = out.State.detail(append(out.State.told(), "result", brief(out.Result))...)
	c := out.State.change(&x.row)
	next := &c.Row
	x.checkpoint(next, &out.State)
	next.Status, next.Result, next.Owner = string(Completed), store.Payload(out.Result), 0
	next.Reason, next.Error = "", ""
	if err := x.carry(ctx, next, c, out); err != nil {
		return x.fail(ctx, &Outcome{Err: err}, took)
	}
	c.History = []store.History{h}
	x.vacate() // the run that takes the slot is claimed in the same transaction, or a later one
	return x.orFail(ctx, x.commit(ctx, c), took)
}

// fail commits a failed attempt: the run waits for the next one, fails, or is blocked.
func (x *execution) fail(ctx context.Context, out *Outcome, took time.Duration) error {
	err := out.Err
	if _, ok := errors.AsType[*blockedError](err); ok {
		return x.blockAt(ctx, out)
	}
	retry := x.terms.retry(x.def.steps[x.row.Step].Retry)
	err = retry.judge(err)
	h := x.event("attempt", took)
	h.Error = err.Error()
	if p, ok := errors.AsType[*PanicError](err); ok {
		h.Detail = detail("stack", p.Stack)
	}
	next := x.row
	next.Failures++
	next.Error, next.Owner = err.Error(), 0
	if isSuspect(err) {
		next.Deaths++
	}
	next.TriedUS = 0 // the next try has all the time again
	if isPermanent(err) || retry.exhausted(next.Failures) {
		return x.failRun(ctx, &store.Change{Row: next, History: []store.History{h}}, err)
	}
	pause := retry.pause(next.Failures)
	next.Status, next.Wait = string(Waiting), store.Wait{Kind: store.WaitRetry}.JSON()
	next.DueUS = x.eng.clock.Now().Add(pause).UnixMicro()
	next.Reason = fmt.Sprintf("retry %d of %s after an error", next.Failures+1, retry.limit())
	x.eng.log.WarnContext(ctx, "retry", "run_id", x.row.ID, "workflow", x.row.Workflow, "step", x.row.Step,
		"attempt", x.row.Attempt, "pause", pause, "error", err)
	return x.commit(ctx, &store.Change{Row: next, History: []store.History{h}})
}

// failRun commits that the run fails for good, with what else the change holds.
func (x *execution) failRun(ctx context.Context, c *store.Change, err error) error {
	c.Row.Status, c.Row.Owner, c.Row.Reason, c.Row.Error = string(Failed), 0, "", err.Error()
	end := x.event("failed", -1)
	end.Error = err.Error()
	c.History = append(c.History, end)
	return x.commit(ctx, c)
}

// block commits that the run cannot go on until a person has looked at it.
func (x *execution) block(ctx context.Context, why error) error {
	return x.blockAt(ctx, &Outcome{Err: why})
}

// blockAt is block for a step that has ended well, but whose transition leads nowhere: its state is
// committed, so that a person can send the run on from there.
func (x *execution) blockAt(ctx context.Context, out *Outcome) error {
	why := out.Err
	h := x.event("blocked", -1)
	h.Error = why.Error()
	h.Detail = out.State.detail()
	c := out.State.change(&x.row)
	next := &c.Row
	ended := len(out.State.State.Data) > 0
	if ended {
		x.checkpoint(next, &out.State)
	}
	next.Status, next.Reason, next.Owner = string(Blocked), why.Error(), 0
	x.eng.log.ErrorContext(ctx, "run blocked", "run_id", x.row.ID, "workflow", x.row.Workflow, "step", x.row.Step, "error", why)
	c.State, c.ForgetCalls, c.History = ended, ended, []store.History{h}
	return x.commit(ctx, c)
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
	case x.rest == Pending && next.Ending != "":
		kind = "released" // it goes on to be undone
	case x.rest == Pending:
		next.Status, kind = string(Pending), "released"
	default:
		next.Status, kind = string(Suspended), "suspended"
	}
	h := x.event(kind, -1)
	h.Error = x.heedless
	if how := x.halting.stop(cause); how != nil {
		x.learned.Stop = how
		next.Learned = x.learned.text()
		h.Detail = detail("because", how.Cause, "stop_us", how.Took.Microseconds(), "saved", json.RawMessage(strconv.FormatBool(how.Saved)))
	}
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
// owner any more. What is ahead is committed with it. A shutdown does not interrupt it: finished work is saved.
func (x *execution) commit(ctx context.Context, c *store.Change) error {
	c.Lease = x.lease
	x.mu.Lock()
	g := x.behind()
	x.note(c)
	g.Change(c, x.answer)
	lead := x.eng.store.Put(g)
	x.mu.Unlock()
	if lead {
		x.eng.store.Lead()
	}
	err := <-x.outcome
	if x.birth != nil {
		x.mu.Lock()
		x.name(&c.Row)
		x.mu.Unlock()
	}
	if err != nil {
		return x.storageError(err)
	}
	x.eng.wakeAfter(c.Wakes)
	x.mu.Lock()
	x.row = c.Row
	if x.over() && x.row.Status == string(Completed) && x.row.Keep != string(KeepAll) {
		x.row.Checkpoint = store.Checkpoint{} // it was deleted with this commit
	}
	x.mu.Unlock()
	if status := Status(c.Row.Status); status != Running && !(status == Compensating && c.Row.Owner != 0) {
		x.vacate() // before others are told, who may have a run to start
		if status != Waiting {
			x.tellEnd()
		}
		x.eng.tell(ctx, c)
		x.eng.pay(&c.Row)
		if c.Row.Schedule != 0 && status.Ended() {
			x.eng.plans.notify() // a start may wait for it
		}
		if c.Want != "" && !status.Ended() { // it came too late for the step
			return x.eng.fulfil(ctx, c.Row.ID)
		}
	} else {
		if len(c.Sends) > 0 {
			x.eng.enqueued()
		}
		if c.Want != "" {
			x.want(c.Want, "")
		}
	}
	return nil
}

// over reports whether the run has ended by what this execution has committed last. Then its row is as it was read, had
// it been: nobody but its owner could have changed it before.
func (x *execution) over() bool { return Status(x.row.Status).Ended() }

// tellEnd tells those who wait that the run has ended, or stands still.
func (x *execution) tellEnd() {
	if x.over() {
		x.eng.ended(x.row.ID, &x.row) // which stays as it is from now on
		return
	}
	x.eng.ended(x.row.ID, nil)
}

// tell wakes those for whom a committed change of a run that is not executed any more makes a difference.
func (e *Engine) tell(ctx context.Context, c *store.Change) {
	r := &c.Row
	if r.Parent == 0 && r.Children == 0 && r.Schedule == 0 && r.Queue == DefaultQueue && len(c.Sends) == 0 && r.Status != string(Compensating) {
		e.expect(r)
		e.changed()
		return
	}
	e.enqueued()
	if r.Children > 0 && r.Status != string(Waiting) { // its children may be wanted to stop
		e.attend(ctx)
	}
}

// storageError maps what the store says about an owner's write. It is safe for concurrent use.
func (x *execution) storageError(err error) error {
	if effect, ok := errors.AsType[*store.EffectError](err); ok {
		return &TxError{effect.Err}
	}
	switch {
	case errors.Is(err, store.ErrGuard) && x.birth != nil && x.birth.waits.Load(): // it was never there to be lost
		return fmt.Errorf("run %d: %w", x.number(), ErrLeaseLost)
	case errors.Is(err, store.ErrGuard):
		x.eng.log.Warn("lease lost", "run_id", x.number(), "worker", x.worker.id)
		return fmt.Errorf("run %d: %w", x.number(), ErrLeaseLost)
	case errors.Is(err, ErrStorage):
		return fmt.Errorf("run %d: %w", x.number(), err)
	}
	return fmt.Errorf("run %d: %w: %w", x.number(), ErrStorage, err)
}

// event begins a history row of the run's present attempt. took is negative if nothing was timed.
func (x *execution) event(kind string, took time.Duration) store.History {
	h := store.History{
		Kind: kind, Step: x.row.Step, Visit: x.row.Visit, Attempt: x.row.Attempt, Worker: x.worker.id, DurationUS: -1,
	}
	if u := x.undoes; u != nil {
		h.Step, h.Visit, h.Attempt = u.Step, u.Visit, u.Attempts+1
	}
	if took >= 0 {
		h.DurationUS = took.Microseconds()
	}
	return h
}
