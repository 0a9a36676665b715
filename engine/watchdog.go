package engine

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// errGoexit is the error of a step that has ended its goroutine instead of returning.
var errGoexit = errors.New("the step ended its goroutine (by runtime.Goexit, as a test's FailNow does)")

// watchdog sees to it that one attempt keeps its limits, and that one which does not heed its cancelled
// context holds nobody up. It belongs to the goroutine that waits for the attempt.
type watchdog struct {
	x       *execution
	limits  limits
	ref     Ref             // of the attempt
	ctx     context.Context // the attempt's
	cancel  context.CancelCauseFunc
	beats   atomic.Uint64 // signs of life, counted by the attempt
	seen    uint64        // of them, at the last pulse
	still   int           // pulses without a new one
	grace   *time.Timer   // until the step is given up; nil before it has to stop
	graceAt time.Time
	gaveUp  bool
	waited  time.Duration // for the step to stop
	pulse   <-chan time.Time
	expired <-chan time.Time
	wonder  *time.Timer // until the step that has to stop is named; nil before it has to
	toldAt  time.Time   // when it was told to
	toldBy  uint64      // beats then
	stops   []func()
}

// pulses is into how many parts a heartbeat's time is divided: silence is noticed so much later at most.
// Counting pulses rather than comparing clocks forgives a machine that was asleep.
const pulses = 8

// watch prepares to watch an attempt.
func (x *execution) watch(ctx context.Context, l limits) *watchdog {
	w := &watchdog{x: x, limits: l}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	if l.timeout > 0 {
		timer := time.NewTimer(l.left)
		w.expired = timer.C
		w.stops = append(w.stops, func() { timer.Stop() })
	}
	if l.heartbeat > 0 {
		ticker := time.NewTicker(max(l.heartbeat/pulses, time.Microsecond))
		w.pulse = ticker.C
		w.stops = append(w.stops, ticker.Stop)
	}
	return w
}

// perform runs an attempt in a goroutine of its own and waits until it has ended, or does not stop and is
// given up: then nothing that it still submits counts.
func (w *watchdog) perform(v Visit, run func(context.Context, Visit, Host) Outcome) Outcome {
	v.Beats = &w.beats
	w.ref = v.Ref
	host := &tenure{execution: w.x}
	done := make(chan Outcome, 1)
	go func() { // ends with the step, which is waited for unless it is given up
		out := Outcome{Err: errGoexit}
		defer func() { done <- out }()
		out = run(w.ctx, v, host)
	}()
	defer w.end()
	defer host.end()
	return w.await(done)
}

// await waits for the outcome of the attempt.
func (w *watchdog) await(done <-chan Outcome) Outcome {
	stopped := w.ctx.Done()
	deadline, stop := w.deadline()
	defer func() { stop() }()
	for {
		var over <-chan time.Time
		if w.grace != nil {
			over = w.grace.C
		}
		var wonder <-chan time.Time
		if w.wonder != nil {
			wonder = w.wonder.C
		}
		select {
		case out := <-done:
			return out
		case <-w.expired:
			w.cancel(w.limits.timedOut())
		case <-w.pulse:
			w.listen()
		case <-deadline:
			stop()
			if deadline, stop = w.deadline(); !w.x.eng.clock.Now().Before(w.limits.deadline) {
				w.x.cancel(ErrDeadline)
				deadline = nil
			}
		case <-stopped:
			stopped = nil
			w.wonder, w.toldAt, w.toldBy = time.NewTimer(wonderAfter), time.Now(), w.beats.Load()
			w.allow()
		case <-wonder:
			w.name()
		case <-w.x.hurry:
			w.allow()
		case <-over:
			select {
			case out := <-done: // at the last moment
				return out
			default:
				return w.giveUp()
			}
		}
	}
}

// deadline returns a channel that receives when the deadline may have come.
func (w *watchdog) deadline() (ring <-chan time.Time, stop func()) {
	if w.limits.deadline.IsZero() {
		return nil, func() {}
	}
	return w.x.eng.clock.Timer(w.limits.deadline)
}

// listen cancels the attempt when it has shown no sign of life for its heartbeat.
func (w *watchdog) listen() {
	if beats := w.beats.Load(); beats != w.seen {
		w.seen, w.still = beats, 0
		return
	}
	if w.still++; w.still >= pulses {
		w.cancel(w.limits.silent())
		w.pulse = nil
	}
}

// allow gives a step that has to stop the time to do so: what the person who cancels it says, or
// Config.Grace. A pause and a shutdown wait for it as long as it takes.
func (w *watchdog) allow() {
	if w.ctx.Err() == nil {
		return // the wish is older than this attempt, and was taken back
	}
	d, cause := w.x.eng.cfg.Grace, context.Cause(w.ctx)
	patient := errors.Is(cause, ErrPaused) || errors.Is(cause, ErrShutdown)
	if w.x.condemned.Load() {
		d = time.Duration(w.x.mercy.Load())
	} else if patient {
		return
	}
	at := time.Now().Add(d)
	switch {
	case w.grace == nil:
		w.grace = time.NewTimer(d)
	case patient || errors.Is(cause, ErrCancelled) || at.Before(w.graceAt): // the person's newest word counts
		w.grace.Reset(d)
	default:
		return
	}
	w.graceAt, w.waited = at, d
}

// wonderAfter is how long a step that has to stop may keep silent before it is named; then again after twice
// the time, and so on.
const wonderAfter = 2 * time.Second

// name names a step that has to stop and, by its saves, progress and calls, has not looked whether it has to.
func (w *watchdog) name() {
	since := time.Since(w.toldAt)
	w.wonder.Reset(since)
	if w.beats.Load() != w.toldBy {
		return // it has looked, and takes its time
	}
	ref, hook := w.ref, w.x.eng.cfg.Observer.StepHeedless
	if hook == nil {
		w.x.eng.log.Warn("step has not looked at its context since it was told to stop", "run_id", ref.ID, "workflow", ref.Workflow,
			"step", ref.Step, "attempt", ref.Attempt, "for", since.Round(time.Millisecond), "error", context.Cause(w.ctx))
		return
	}
	observe(w.x.eng, hook, Heedless{Ref: ref, For: since, Cause: context.Cause(w.ctx)})
}

// giveUp lets the attempt go, since it does not stop.
func (w *watchdog) giveUp() Outcome {
	w.gaveUp = true
	r := &w.x.row
	w.x.eng.log.Warn("step given up: it does not heed its context", "run_id", r.ID, "workflow", r.Workflow, "step", w.limits.step,
		"attempt", r.Attempt, "grace", w.waited, "error", context.Cause(w.ctx))
	return Outcome{Refuse: ErrStopped}
}

// end stops the clocks and cancels the attempt's context, if nothing has before.
func (w *watchdog) end() {
	for _, stop := range w.stops {
		stop()
	}
	if w.grace != nil {
		w.grace.Stop()
	}
	if w.wonder != nil {
		w.wonder.Stop()
	}
	w.cancel(ErrAttemptEnded)
}

// verdict is the error of an attempt that has exceeded its limits, with what the step said to it; nil if it
// has kept them.
func (w *watchdog) verdict(said error) error {
	over, ok := errors.AsType[*overtimeError](context.Cause(w.ctx))
	switch {
	case !ok:
		return nil
	case w.gaveUp:
		return fmt.Errorf("%w; %s", over, w.heedless())
	case said == nil, errors.Is(said, over.kind), errors.Is(said, context.Canceled):
		return over
	}
	return fmt.Errorf("%w: %w", over, said)
}

// heedless tells of a step that was given up.
func (w *watchdog) heedless() string {
	if !w.gaveUp {
		return ""
	}
	return fmt.Sprintf("it did not heed its context and was given up after %v", w.waited)
}
