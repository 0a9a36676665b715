package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// errGoexit is the error of a step that has ended its goroutine instead of returning.
var errGoexit = errors.New("the step ended its goroutine (by runtime.Goexit, as a test's FailNow does)")

// watchdog sees to it that one attempt keeps its limits, and that one which does not heed its cancelled context holds nobody
// up. The step executes on the goroutine of its run, which belongs to it as long as it likes; if it is given up, another
// goroutine goes on with the run.
type watchdog struct {
	x      *execution
	limits limits
	ref    Ref       // of the attempt
	begun  time.Time // then
	host   tenure    // the attempt's
	reins  reins     // the attempt's
	beats  atomic.Uint64

	phase   atomic.Int32
	mu      sync.Mutex
	timeout *time.Timer   // guarded by mu: nil for a step without one
	left    bool          // guarded by mu: the attempt is not under way any more
	ended   chan struct{} // guarded by mu: closed then; nil while nobody waits for that
	gaveUp  bool          // valid once the attempt is over
	waited  time.Duration // for the step to stop, if it was given up
}

// The phases of an attempt.
const (
	underWay  int32 = iota
	returned        // its goroutine goes on with the run
	abandoned       // another goroutine does
)

// watch prepares to watch an attempt. ctx has the values for it, and does not end.
func (x *execution) watch(ctx context.Context, l *limits, ref Ref) *watchdog {
	w := &watchdog{x: x, limits: *l, ref: ref, begun: x.begun}
	w.host.execution = x
	w.reins.begin(ctx)
	return w
}

// guard starts to watch: from now on the attempt may be given up at any time. It reports whether it may begin.
func (w *watchdog) guard() bool {
	if cause := w.x.enter(w); cause != nil {
		w.reins.stop(cause)
		return false
	}
	l := &w.limits
	w.mu.Lock()
	if l.timeout > 0 && !w.left {
		w.timeout = time.AfterFunc(l.left, func() { w.stop(l.timedOut()) })
	}
	w.mu.Unlock()
	if l.heartbeat > 0 {
		go w.listen() // ends with the attempt
	}
	if !l.deadline.IsZero() {
		go w.awaitDeadline() // ends with the attempt
	}
	return true
}

// perform runs the attempt, and reports whether the caller goes on with the run. It does not if the step did not stop and
// was given up: then nothing that it still submits counts. If the step ends its goroutine, perform does not return.
func (w *watchdog) perform(v *Visit, out *Outcome) (mine bool) {
	v.Beats = &w.beats
	defer func() {
		if w.leave(abandoned) {
			go w.relieve(Outcome{Err: errGoexit})
		}
	}()
	performs := w.x.def.performs
	switch {
	case !w.guard():
		*out = Outcome{Refuse: ErrStopped}
	case w.ref.Undo:
		performs.undoStep(&w.reins, v, &w.host, out)
	default:
		performs.doStep(&w.reins, v, &w.host, out)
	}
	return w.leave(returned)
}

// leave ends the attempt, if nobody has before: its clocks, its context and its right to commit anything. It reports
// whether it did.
func (w *watchdog) leave(phase int32) bool {
	if !w.phase.CompareAndSwap(underWay, phase) {
		return false
	}
	w.host.end()
	w.reins.finish()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = true
	if w.timeout != nil {
		w.timeout.Stop()
	}
	if w.ended != nil {
		close(w.ended)
	}
	return true
}

// over returns a channel that is closed when the attempt is not under way any more.
func (w *watchdog) over() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended == nil {
		w.ended = make(chan struct{})
		if w.left {
			close(w.ended)
		}
	}
	return w.ended
}

// relieve goes on with the run in place of the goroutine that the step has kept, or ended. No further step follows: this one
// has failed, or was to stop.
func (w *watchdog) relieve(out Outcome) {
	err := errGoexit // unless conclude returns
	defer func() { w.x.finish(err) }()
	_, err = w.x.conclude(context.WithoutCancel(w.reins.Context), w, &out)
}

// stop tells the step to stop, and gives it up if it does not.
func (w *watchdog) stop(cause error) {
	if w.reins.stop(cause) {
		go w.insist() // ends with the attempt
	}
}

// pulses is into how many parts a heartbeat's time is divided: silence is noticed so much later at most.
// Counting pulses rather than comparing clocks forgives a machine that was asleep.
const pulses = 8

// listen stops the attempt when it has shown no sign of life for its heartbeat.
func (w *watchdog) listen() {
	pulse, over := time.NewTicker(max(w.limits.heartbeat/pulses, time.Microsecond)), w.over()
	defer pulse.Stop()
	seen := w.beats.Load()
	for still := 0; still < pulses; {
		select {
		case <-over:
			return
		case <-pulse.C:
		}
		if beats := w.beats.Load(); beats != seen {
			seen, still = beats, 0
		} else {
			still++
		}
	}
	w.stop(w.limits.silent())
}

// awaitDeadline stops the run when its deadline has come.
func (w *watchdog) awaitDeadline() {
	clock, over := w.x.eng.clock, w.over()
	for clock.Now().Before(w.limits.deadline) {
		ring, stop := clock.Timer(w.limits.deadline)
		select {
		case <-over:
			stop()
			return
		case <-ring:
			stop()
		}
	}
	w.x.cancel(ErrDeadline)
}

// verdict is the error of an attempt that has exceeded its limits, with what the step said to it; nil if it
// has kept them.
func (w *watchdog) verdict(said error) error {
	over, ok := errors.AsType[*overtimeError](w.reins.told())
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
