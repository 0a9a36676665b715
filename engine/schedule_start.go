package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// maxBackfill is how many starts one BackfillSchedule makes at most.
const maxBackfill = 10_000

// scheduleStarter makes the runs of a schedule. The user's code has validated and encoded the input before:
// none of it runs in a transaction.
type scheduleStarter struct {
	eng   *Engine
	row   store.Schedule
	def   *definition
	begin starting
	opts  StartOptions
}

// starter prepares starts of a schedule as it is stored.
func (e *Engine) starter(row store.Schedule) (*scheduleStarter, error) {
	state, err := scheduleOf(&row)
	if err != nil {
		return nil, err
	}
	def, err := e.definition(row.Workflow)
	if err != nil {
		return nil, err
	}
	begin, err := beginSchedule(def, state.Input)
	if err != nil {
		return nil, err
	}
	return &scheduleStarter{e, row, def, begin, state.Options}, nil
}

// beginSchedule validates and encodes the input of a start. The user's Validate may panic: that is not to
// end a worker.
func beginSchedule(def *definition, input json.RawMessage) (begin starting, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &InputError{def.Describe().Name, &PanicError{Value: p, Stack: string(debug.Stack())}}
		}
	}()
	return def.startJSON(input)
}

// create makes the run for a nominal time; a start by hand has no key.
func (s *scheduleStarter) create(nominalUS int64, byHand bool) (*store.Create, error) {
	opts := s.opts
	if !byHand {
		opts.Key = scheduleKey(s.row.Name, nominalUS)
	}
	c, err := s.eng.newRun(s.row.Workflow, s.def, s.begin, &opts)
	if err != nil {
		return nil, err
	}
	c.Run.Schedule, c.Run.ScheduledUS = s.row.ID, nominalUS
	rule := detail("schedule", s.row.Name, "scheduled", timeOf(nominalUS).Format(time.RFC3339Nano))
	c.History.Detail = strings.TrimSuffix(c.History.Detail, "}") + "," + rule[1:] // both objects have fields
	return c, nil
}

// TriggerSchedule starts a run of the schedule now, be it paused or not, whatever its overlap and catch-up
// say, and returns it once it is durable. Its nominal time is now. The run counts as one of the schedule.
func (e *Engine) TriggerSchedule(ctx context.Context, name string) (Run, error) {
	row, err := e.store.Schedule(ctx, name)
	if err != nil {
		return Run{}, noSchedule(name, err)
	}
	starter, err := e.starter(row)
	if err != nil {
		return Run{}, err
	}
	c, err := starter.create(e.clock.NowUS(), true)
	if err != nil {
		return Run{}, err
	}
	var made store.Run
	err = e.store.Update(ctx, func(tx *store.Tx) error {
		now, err := tx.Schedule(name)
		if err != nil {
			return err
		}
		if made, err = tx.Create(c); err != nil {
			return err
		}
		now.Starts++
		now.LastUS, now.LastRun = made.ScheduledUS, made.ID
		return tx.UpdateSchedule(&now)
	})
	if err != nil {
		return Run{}, noSchedule(name, err)
	}
	e.startedBySchedule(made)
	return runOf(&made, starter.def), nil
}

// BackfillSchedule starts a run for every time of the schedule's rule from one time on and before another,
// whether it is paused or not and whatever its overlap says; a queue limits how many of them execute at the
// same time. What was started for such a time before, by whomever, is not started again: so a backfill may be
// repeated after an error. It returns all the runs of those times that are still in the file, in the order of
// the times. A backfill has at most 10,000 times, and none to come.
func (e *Engine) BackfillSchedule(ctx context.Context, name string, from, to time.Time) ([]Run, error) {
	row, err := e.store.Schedule(ctx, name)
	if err != nil {
		return nil, noSchedule(name, err)
	}
	times, err := e.backfillTimes(&row, from, to)
	if err != nil {
		return nil, err
	}
	starter, err := e.starter(row)
	if err != nil {
		return nil, err
	}
	var runs []Run
	for len(times) > 0 {
		n := min(firedAtOnce, len(times))
		made, err := starter.backfill(ctx, times[:n])
		if err != nil {
			return runs, noSchedule(name, err)
		}
		runs, times = append(runs, made...), times[n:]
	}
	return runs, nil
}

// backfillTimes are the times of the rule in a span.
func (e *Engine) backfillTimes(row *store.Schedule, from, to time.Time) ([]int64, error) {
	state, err := scheduleOf(row)
	if err != nil {
		return nil, err
	}
	rule, err := state.rule()
	if err != nil {
		return nil, state.fault(err)
	}
	switch {
	case from.IsZero():
		return nil, state.fault(errors.New("the beginning of the backfill must be set"))
	case !from.Before(to):
		return nil, state.fault(errors.New("a backfill must end after it begins"))
	case to.After(e.clock.Now()):
		return nil, state.fault(errors.New("a backfill must not reach into the future"))
	}
	var times []int64
	for t := rule.Next(from.Add(-time.Microsecond)); !t.IsZero() && t.Before(to); t = rule.Next(t) {
		if len(times) == maxBackfill {
			return nil, state.fault(fmt.Errorf("a backfill has at most %d starts, and there are more from %v to %v",
				maxBackfill, from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339)))
		}
		times = append(times, t.UnixMicro())
	}
	return times, nil
}

// backfill starts the runs of some times in one transaction, and returns them with those that were there.
func (s *scheduleStarter) backfill(ctx context.Context, times []int64) ([]Run, error) {
	creates := make([]*store.Create, len(times))
	for i, t := range times {
		var err error
		if creates[i], err = s.create(t, false); err != nil {
			return nil, err
		}
	}
	uuids := make([]string, len(times))
	var made []store.Run
	err := s.eng.store.Update(ctx, func(tx *store.Tx) error {
		made = nil
		now, err := tx.Schedule(s.row.Name)
		if err != nil {
			return err
		}
		for i := range creates {
			run, err := tx.Create(creates[i])
			uuids[i] = run.UUID
			if _, taken := errors.AsType[*store.KeyError](err); taken {
				continue
			}
			if err != nil {
				return err
			}
			made = append(made, run)
		}
		now.Starts += int64(len(made))
		return tx.UpdateSchedule(&now)
	})
	if err != nil {
		return nil, err
	}
	s.eng.startedBySchedule(made...)
	return s.eng.runsByUUID(ctx, uuids)
}

// runsByUUID returns those of some runs that are still in the file.
func (e *Engine) runsByUUID(ctx context.Context, uuids []string) ([]Run, error) {
	var runs []Run
	for _, uuid := range uuids {
		row, err := e.store.RunByUUID(ctx, uuid)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		runs = append(runs, e.runOf(&row))
	}
	return runs, nil
}

// startedBySchedule tells everybody of new runs.
func (e *Engine) startedBySchedule(made ...store.Run) {
	if len(made) > 0 {
		e.enqueued()
	}
}
