package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/durable-wf/wf/engine/internal/cron"
	"github.com/durable-wf/wf/engine/internal/store"
)

// AddSchedule adds a schedule, or changes the one of that name; it returns once that is durable. The same
// schedule again changes nothing, so a program may add its schedules whenever it begins. A changed one keeps
// what is known of its starts; if it is the rule that has changed, it counts from now on. A paused one stays
// paused. The error is an *InputError that names all that is wrong: with the rule, the options, the workflow,
// which this program must know, and the input.
func (e *Engine) AddSchedule(ctx context.Context, s Schedule) (ScheduleState, error) {
	row, err := e.checkSchedule(&s)
	if err != nil {
		return ScheduleState{}, err
	}
	rule, err := s.rule()
	if err != nil {
		return ScheduleState{}, s.fault(err)
	}
	var made store.Schedule
	err = e.store.Update(ctx, func(tx *store.Tx) error {
		was, err := tx.Schedule(s.Name)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		found := err == nil
		made = merged(was, row)
		if found && made == was {
			return nil
		}
		if !found || ruleChanged(&was, &row) {
			if made.NextUS = nominal(rule.Next(e.clock.Now())); made.NextUS == 0 {
				return s.fault(errors.New("its time is over"))
			}
		}
		setDue(&made)
		if !found {
			return tx.InsertSchedule(&made)
		}
		made.Error = ""
		return tx.UpdateSchedule(&made)
	})
	if err != nil {
		return ScheduleState{}, err
	}
	e.scheduled()
	return scheduleOf(&made)
}

// checkSchedule reports all that is wrong with a schedule, or makes a row of it.
func (e *Engine) checkSchedule(s *Schedule) (store.Schedule, error) {
	faults := []error{s.check(e.clock.Now())}
	if def, err := e.definition(s.Workflow); err != nil {
		faults = append(faults, err)
	} else if begin, err := beginSchedule(def, s.Input); err != nil {
		faults = append(faults, fmt.Errorf("input: %w", withoutWorkflow(err)))
	} else if _, err := e.newRun(s.Workflow, def, begin, &s.Options); err != nil {
		faults = append(faults, fmt.Errorf("options: %w", withoutWorkflow(err)))
	}
	if err := errors.Join(faults...); err != nil {
		return store.Schedule{}, s.fault(err)
	}
	row, err := s.row()
	if err != nil {
		return row, s.fault(err)
	}
	return row, nil
}

// withoutWorkflow is the part of an *InputError that does not repeat the name of the workflow.
func withoutWorkflow(err error) error {
	if in, ok := errors.AsType[*InputError](err); ok {
		return in.Err
	}
	return err
}

// merged is a stored schedule (the zero row if there is none) as people want it now.
func merged(was, wanted store.Schedule) store.Schedule {
	made := wanted
	made.ID, made.CreatedUS, made.NextUS, made.DueUS = was.ID, was.CreatedUS, was.NextUS, was.DueUS
	made.LastUS, made.LastRun, made.QueuedUS = was.LastUS, was.LastRun, was.QueuedUS
	made.Starts, made.Skips, made.Error, made.Paused = was.Starts, was.Skips, was.Error, was.Paused
	if made.QueuedUS != 0 && Overlap(made.Overlap) != OverlapQueue {
		made.QueuedUS = 0
		made.Skips++
	}
	return made
}

// ruleChanged reports whether the times of a schedule have changed.
func ruleChanged(was, wanted *store.Schedule) bool {
	return was.Kind != wanted.Kind || was.Spec != wanted.Spec || was.Zone != wanted.Zone
}

// setDue says when the schedule is to be looked at next.
func setDue(row *store.Schedule) {
	row.DueUS = 0
	if row.Paused == "" {
		row.DueUS = jittered(row, row.NextUS)
	}
}

// scheduled tells everybody that a schedule has changed.
func (e *Engine) scheduled() {
	e.plans.notify()
	e.changed()
}

// Schedules returns all schedules of the file by name.
func (e *Engine) Schedules(ctx context.Context) ([]ScheduleState, error) {
	rows, err := e.store.Schedules(ctx)
	if err != nil {
		return nil, err
	}
	states := make([]ScheduleState, len(rows))
	for i := range rows {
		if states[i], err = scheduleOf(&rows[i]); err != nil {
			states[i].Error = err.Error()
		}
	}
	return states, nil
}

// Schedule returns the schedule of a name, or ErrScheduleNotFound.
func (e *Engine) Schedule(ctx context.Context, name string) (ScheduleState, error) {
	row, err := e.store.Schedule(ctx, name)
	if err != nil {
		return ScheduleState{}, noSchedule(name, err)
	}
	return scheduleOf(&row)
}

// PauseSchedule keeps a schedule from starting anything until ResumeSchedule. Runs that it has started go
// on. Pausing a paused one changes nothing.
func (e *Engine) PauseSchedule(ctx context.Context, name, reason string) (ScheduleState, error) {
	return e.changeSchedule(ctx, name, func(row *store.Schedule, _ cron.Rule) {
		if row.Paused == "" {
			row.Paused = detail("by", e.actor, "reason", reason)
			setDue(row)
		}
	})
}

// ResumeSchedule lets a paused schedule start runs again, from now on: what it has missed is not made up for
// (BackfillSchedule can do that), but for a start that had been waiting for a run to end. It also finds the
// next time anew, which helps after a clock had been far ahead.
func (e *Engine) ResumeSchedule(ctx context.Context, name string) (ScheduleState, error) {
	return e.changeSchedule(ctx, name, func(row *store.Schedule, rule cron.Rule) {
		if row.Paused == "" {
			return
		}
		now := e.clock.Now()
		row.Paused, row.Error = "", ""
		if had := row.NextUS; had != 0 {
			if row.NextUS = nominal(rule.Next(now)); row.NextUS == 0 && row.Kind == ruleAt {
				row.Error = "its time passed while it was paused"
			}
		}
		setDue(row)
		if row.QueuedUS != 0 {
			row.DueUS = now.UnixMicro() // whether the run before has ended is looked at
		}
	})
}

// changeSchedule changes a schedule in a transaction.
func (e *Engine) changeSchedule(ctx context.Context, name string, change func(*store.Schedule, cron.Rule)) (ScheduleState, error) {
	var row store.Schedule
	err := e.store.Update(ctx, func(tx *store.Tx) error {
		was, err := tx.Schedule(name)
		if err != nil {
			return err
		}
		row = was
		state, err := scheduleOf(&row)
		if err != nil {
			return err
		}
		rule, err := state.rule()
		if err != nil {
			return state.fault(err)
		}
		if change(&row, rule); row == was {
			return nil
		}
		return tx.UpdateSchedule(&row)
	})
	if err != nil {
		return ScheduleState{}, noSchedule(name, err)
	}
	e.scheduled()
	return scheduleOf(&row)
}

// RemoveSchedule removes a schedule. Runs that it has started go on, and the keys of its starts stay taken:
// the same schedule added again does not start them twice.
func (e *Engine) RemoveSchedule(ctx context.Context, name string) error {
	err := e.store.Update(ctx, func(tx *store.Tx) error {
		row, err := tx.Schedule(name)
		if err != nil {
			return err
		}
		return tx.DeleteSchedule(row.ID)
	})
	if err != nil {
		return noSchedule(name, err)
	}
	e.scheduled()
	return nil
}

// startedBy says which schedule has started a run and for when, for people; "" for a run that none has.
func (e *Engine) startedBy(ctx context.Context, run Run) (string, error) {
	if run.Schedule == 0 {
		return "", nil
	}
	all, err := e.store.Schedules(ctx)
	if err != nil {
		return "", err
	}
	name := "that is removed"
	for _, s := range all {
		if s.ID == run.Schedule {
			name = s.Name
		}
	}
	return "schedule " + name + ", for " + run.Scheduled.Format(time.RFC3339Nano), nil
}

// noSchedule makes ErrNotFound the error that callers know.
func noSchedule(name string, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("schedule %q: %w", name, ErrScheduleNotFound)
	}
	return err
}
