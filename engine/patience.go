package engine

import (
	"errors"
	"time"
)

// patience is what a watchdog has with a step that has to stop. It belongs to a goroutine of its own.
type patience struct {
	*watchdog
	grace   *time.Timer // until the step is given up; nil as long as it has all the time
	graceAt time.Time
	granted time.Duration
	toldAt  time.Time // when the step was told to stop
	toldBy  uint64    // beats then
}

// insist waits until the step has stopped, or gives it up.
func (w *watchdog) insist() {
	p := &patience{watchdog: w, toldAt: time.Now(), toldBy: w.beats.Load()}
	over, wonder := w.over(), time.NewTimer(wonderAfter)
	defer wonder.Stop()
	for p.allow(); ; {
		var grace <-chan time.Time
		if p.grace != nil {
			grace = p.grace.C
		}
		select {
		case <-over:
			if p.grace != nil {
				p.grace.Stop()
			}
			return
		case <-w.x.hurry:
			p.allow()
		case <-wonder.C:
			wonder.Reset(p.name())
		case <-grace:
			p.giveUp()
			return
		}
	}
}

// allow gives the step the time to stop: what the person who cancels it says, or Config.Grace. A pause and a shutdown
// wait for it as long as it takes.
func (p *patience) allow() {
	d, cause := p.x.eng.cfg.Grace, p.reins.told()
	patient := errors.Is(cause, ErrPaused) || errors.Is(cause, ErrShutdown)
	if p.x.condemned.Load() {
		d = time.Duration(p.x.mercy.Load())
	} else if patient {
		return
	}
	at := time.Now().Add(d)
	switch {
	case p.grace == nil:
		p.grace = time.NewTimer(d)
	case patient || errors.Is(cause, ErrCancelled) || at.Before(p.graceAt): // the person's newest word counts
		p.grace.Reset(d)
	default:
		return
	}
	p.graceAt, p.granted = at, d
}

// wonderAfter is how long a step that has to stop may keep silent before it is named; then again after twice
// the time, and so on.
const wonderAfter = 2 * time.Second

// name names a step that, by its saves, progress and calls, has not looked whether it has to stop. It returns when to look
// again.
func (p *patience) name() time.Duration {
	since := time.Since(p.toldAt)
	if p.beats.Load() != p.toldBy {
		return since // it has looked, and takes its time
	}
	ref, hook := p.ref, p.x.eng.cfg.Observer.StepHeedless
	if hook == nil {
		p.x.eng.log.Warn("step has not looked at its context since it was told to stop", "run_id", ref.ID, "workflow", ref.Workflow,
			"step", ref.Step, "attempt", ref.Attempt, "for", since.Round(time.Millisecond), "error", p.reins.told())
		return since
	}
	observe(p.x.eng, hook, Heedless{Ref: ref, For: since, Cause: p.reins.told()})
	return since
}

// giveUp lets the attempt go, unless it has ended at the last moment, and goes on with the run.
func (p *patience) giveUp() {
	if !p.leave(abandoned) {
		return
	}
	p.gaveUp, p.waited = true, p.granted
	p.x.eng.log.Warn("step given up: it does not heed its context", "run_id", p.ref.ID, "workflow", p.ref.Workflow, "step", p.limits.step,
		"attempt", p.ref.Attempt, "grace", p.waited, "error", p.reins.told())
	p.relieve(Outcome{Refuse: ErrStopped})
}
