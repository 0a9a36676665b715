package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// fireSchedules starts what schedules have due, until ctx ends: at their time, not a moment before. It
// sleeps until the earliest of them is due, or one has changed.
func (e *Engine) fireSchedules(ctx context.Context) {
	for ctx.Err() == nil {
		changed := e.plans.changed() // arm, then look, then sleep
		dueUS, err := e.fireDue(ctx)
		switch {
		case ctx.Err() != nil, errors.Is(err, ErrClosed), errors.Is(err, ErrGone):
			return // the dispatcher says why
		case err != nil:
			e.log.ErrorContext(ctx, "starting what is scheduled", "error", err)
			dueUS = e.clock.NowUS() + time.Second.Microseconds()
		}
		e.sleepUntil(ctx, changed, dueUS)
	}
}

// fireDue starts all that is due, and returns when there is more to do; 0 for never.
func (e *Engine) fireDue(ctx context.Context) (dueUS int64, err error) {
	for ctx.Err() == nil {
		dueUS, err = e.store.ScheduleDueUS(ctx, e.names)
		now := e.clock.NowUS()
		if err != nil || dueUS == 0 || dueUS > now {
			return dueUS, err
		}
		rows, err := e.store.SchedulesDue(ctx, e.names, now)
		if err != nil {
			return 0, err
		}
		for _, row := range rows {
			if err := e.fire(ctx, row, now); err != nil {
				return 0, fmt.Errorf("schedule %q: %w", row.Name, err)
			}
		}
	}
	return 0, nil
}

// firing is what one look at a schedule comes to.
type firing struct {
	was     store.Schedule // as it was read: if it has changed since, another worker was faster
	now     int64
	plan    schedulePlan
	starts  []*store.Create // for plan.starts
	queued  *store.Create   // for was.QueuedUS
	failure string          // why nothing can be started

	// What has become of it, valid once it is committed.
	made   []store.Run
	ended  []int64 // runs that were cancelled for the new one
	wanted bool    // an owner was asked to cancel one
}

// fire does what a schedule has due. A start that cannot be made is noted in the schedule: it must not
// keep the others waiting.
func (e *Engine) fire(ctx context.Context, row store.Schedule, nowUS int64) error {
	f, err := e.prepareFiring(row, nowUS)
	if err != nil {
		return err
	}
	if err := e.store.Update(ctx, func(tx *store.Tx) error { return e.commitFiring(tx, f) }); err != nil {
		return err
	}
	if f.failure != "" {
		e.log.WarnContext(ctx, "schedule did not start a run", "schedule", row.Name, "workflow", row.Workflow, "error", f.failure)
	}
	for _, id := range f.ended {
		e.ended(id, nil)
	}
	if f.wanted {
		e.attend(ctx) // the owner may be this process
	}
	e.startedBySchedule(f.made...)
	if len(f.ended) > 0 || f.wanted {
		e.changed()
	}
	return nil
}

// prepareFiring does all that needs no transaction: the rule, and the user's code.
func (e *Engine) prepareFiring(row store.Schedule, nowUS int64) (*firing, error) {
	f := &firing{was: row, now: nowUS, plan: schedulePlan{}}
	state, err := scheduleOf(&row)
	if err != nil {
		f.failure = err.Error()
		return f, nil
	}
	rule, err := state.rule()
	if err != nil {
		f.failure = err.Error()
		return f, nil
	}
	f.plan = planSchedule(&row, rule, nowUS)
	f.failure = f.plan.late
	if len(f.plan.starts) == 0 && row.QueuedUS == 0 {
		return f, nil
	}
	starter, err := e.starter(row)
	if err == nil {
		err = f.create(starter)
	}
	if _, bad := errors.AsType[*InputError](err); bad || errors.Is(err, ErrWorkflowUnknown) {
		f.failure, err = err.Error(), nil
		f.plan.skips += int64(len(f.plan.starts))
		f.plan.starts, f.starts = nil, nil
	}
	return f, err
}

func (f *firing) create(s *scheduleStarter) (err error) {
	if f.was.QueuedUS != 0 {
		if f.queued, err = s.create(f.was.QueuedUS, false); err != nil {
			return err
		}
	}
	for _, t := range f.plan.starts {
		c, err := s.create(t, false)
		if err != nil {
			return err
		}
		f.starts = append(f.starts, c)
	}
	return nil
}

// commitFiring is the transaction: what is due is started, and the schedule knows it, or neither.
func (e *Engine) commitFiring(tx *store.Tx, f *firing) error {
	f.made, f.ended, f.wanted = nil, nil, false // it may be called again
	next, err := tx.Schedule(f.was.Name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil || next != f.was:
		return err
	}
	next.NextUS = f.plan.nextUS
	next.Skips += f.plan.skips
	if err := e.overlap(tx, f, &next); err != nil {
		return err
	}
	setDue(&next)
	for _, run := range f.made {
		next.Starts++
		next.LastUS, next.LastRun = run.ScheduledUS, run.ID
	}
	switch {
	case f.failure != "":
		next.Error = f.failure
	case len(f.made) > 0:
		next.Error = ""
	}
	return tx.UpdateSchedule(&next)
}

// overlap starts what is due, as far as runs that have not ended allow it.
func (e *Engine) overlap(tx *store.Tx, f *firing, next *store.Schedule) error {
	due := f.starts
	switch {
	case f.was.QueuedUS == 0:
	case len(due) > 0: // the one that waits is superseded
		next.QueuedUS = 0
		next.Skips++
	case f.queued.Run.Workflow != "":
		due = []*store.Create{f.queued}
	default: // it cannot be started any more
		next.QueuedUS = 0
		next.Skips++
	}
	if len(due) == 0 {
		return nil
	}
	overlap := Overlap(next.Overlap)
	var open []int64
	var err error
	if overlap != OverlapAllow {
		if open, err = tx.ScheduleRuns(next.ID); err != nil {
			return err
		}
	}
	switch {
	case len(open) == 0:
	case overlap == OverlapCancel:
		if err := e.supersede(tx, f, open); err != nil {
			return err
		}
	case overlap == OverlapQueue:
		next.QueuedUS = due[len(due)-1].Run.ScheduledUS
		return nil
	default:
		next.Skips += int64(len(due))
		f.failure = fmt.Sprintf("run %d, started before, has not ended", open[0])
		return nil
	}
	next.QueuedUS = 0
	return f.start(tx, due)
}

// start creates runs. One whose key is taken was started before: then there is nothing to do.
func (f *firing) start(tx *store.Tx, due []*store.Create) error {
	for i := range due {
		run, err := tx.Create(due[i])
		if _, taken := errors.AsType[*store.KeyError](err); taken {
			continue
		}
		if err != nil {
			return err
		}
		f.made = append(f.made, run)
	}
	return nil
}

// supersede cancels the runs before.
func (e *Engine) supersede(tx *store.Tx, f *firing, open []int64) error {
	said := detail("by", "schedule "+f.was.Name, "reason", "its next start is due")
	for _, id := range open {
		r, err := tx.Run(id)
		if err != nil {
			return err
		}
		switch {
		case r.Want == "cancel" || r.Ending != "":
		case r.Owner != 0:
			if err := tx.SetWant(id, "cancel", said); err != nil {
				return err
			}
			f.wanted = true
		default:
			if _, err := e.move(tx, r, Cancelled, said); err != nil {
				return err
			}
			f.ended = append(f.ended, id)
		}
	}
	return nil
}
