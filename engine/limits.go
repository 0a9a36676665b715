package engine

import (
	"context"
	"fmt"
	"time"
)

// limits bound one attempt. Zero fields are no limits.
type limits struct {
	step      string
	timeout   time.Duration // of the whole try of the step
	left      time.Duration // of it, for this attempt; used with timeout only
	heartbeat time.Duration
	deadline  time.Time // of the run, on the engine's clock
}

func (l *limits) timedOut() *overtimeError {
	return &overtimeError{ErrStepTimeout, fmt.Sprintf("step %q: timed out after %v", l.step, l.timeout)}
}

func (l *limits) silent() *overtimeError {
	return &overtimeError{ErrHeartbeatTimeout, fmt.Sprintf("step %q: no sign of life for %v", l.step, l.heartbeat)}
}

// overtimeError is the cause of the cancelled context of a step that has exceeded one of its limits.
type overtimeError struct {
	kind error // ErrStepTimeout or ErrHeartbeatTimeout
	text string
}

func (e *overtimeError) Error() string        { return e.text }
func (e *overtimeError) Is(target error) bool { return target == e.kind }

// limits are those of the attempt that is about to begin.
func (x *execution) limits() limits {
	step := x.def.steps[x.row.Step]
	l := limits{step: step.Name, timeout: x.terms.timeout(step.Timeout), heartbeat: step.Heartbeat}
	l.left = l.timeout - microseconds(x.spent())
	if x.row.DeadlineUS != 0 {
		l.deadline = time.UnixMicro(x.row.DeadlineUS)
	}
	return l
}

// until is when an attempt with these limits that is about to begin has to have ended; zero for no limit. It is a
// real time, also where the engine's clock is a test's.
func (x *execution) until(l *limits) (until time.Time) {
	now := time.Now()
	if l.timeout > 0 {
		until = now.Add(l.left)
	}
	if !l.deadline.IsZero() {
		until = earlier(until, now.Add(l.deadline.Sub(x.eng.clock.Now())))
	}
	if at := x.eng.cfg.StopAt; !at.IsZero() {
		until = earlier(until, at.Add(-x.eng.spare))
	}
	return until
}

// earlier is the earlier one of two times, of which a may be zero, for none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// spent is what earlier attempts of the present try have used of the step's time: those that another owner
// did not end, or that were stopped in order.
func (x *execution) spent() int64 {
	if x.row.Attempt <= 1 { // the visit's first
		return 0
	}
	return x.row.TriedUS
}

// stamp notes in the row how long the try has executed, and all steps of the run. The caller holds mu.
func (x *execution) stamp() {
	took := time.Since(x.entered).Microseconds()
	x.row.TriedUS, x.row.ActiveUS = x.tried+took, x.active+took
}

// expired reports whether the run has not ended by its deadline. One that still has its wait was claimed for
// that, and has not come to its step, whatever the clock says now.
func (x *execution) expired() bool {
	return x.row.DeadlineUS != 0 && (x.row.Wait != "" || x.eng.clock.NowUS() >= x.row.DeadlineUS)
}

// expire fails the run because its deadline is over. What a step has done that ended well meanwhile is kept:
// whoever undoes it, or forks the run, needs it.
func (x *execution) expire(ctx context.Context, ended *Snapshot, took time.Duration, heedless string) error {
	err := fmt.Errorf("%w: it was to end by %s", ErrDeadline, timeOf(x.row.DeadlineUS).Format(time.RFC3339Nano))
	if heedless != "" {
		err = fmt.Errorf("%w; step %q: %s", err, x.row.Step, heedless)
	}
	c := ended.change(&x.row)
	c.State = len(ended.State.Data) > 0
	if c.State {
		x.checkpoint(&c.Row, ended)
	}
	if took >= 0 {
		h := x.event("attempt", took)
		h.Error, h.Detail = err.Error(), ended.detail()
		c.History = append(c.History, h)
	}
	return x.failRun(ctx, c, err)
}
