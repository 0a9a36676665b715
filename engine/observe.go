package engine

import (
	"cmp"
	"errors"
	"runtime/debug"

	"github.com/durable-wf/wf/engine/internal/store"
)

// observe calls a hook of the observer, if there is one.
func observe[T any](e *Engine, hook func(T), event T) {
	if hook == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			e.log.Error("an observer panicked", "error", p, "stack", string(debug.Stack()))
		}
	}()
	hook(event)
}

// observeRun is observe with a run, which is made for a hook that is there only.
func (e *Engine) observeRun(hook func(Run), row *store.Run) {
	if hook == nil {
		return
	}
	bare := *row
	bare.Checkpoint, bare.Result = store.Checkpoint{}, store.Payload{}
	observe(e, hook, e.runOf(&bare))
}

// observes reports whether anybody is told of runs or steps.
func (e *Engine) observes() bool {
	o := &e.cfg.Observer
	return e.watcher() != nil || o.RunClaimed != nil || o.StepStarted != nil || o.StepEnded != nil || o.StepHeedless != nil || o.LeaseLost != nil
}

// watcher returns what the writer tells of its transactions; nil if no hook asks for it.
func (e *Engine) watcher() func(store.Committed) {
	o := &e.cfg.Observer
	if o.CommitEnded == nil && o.RunStarted == nil && o.RunWaiting == nil && o.RunBlocked == nil && o.RunEnded == nil {
		return nil
	}
	return func(c store.Committed) {
		observe(e, o.CommitEnded, CommitEvent{Requests: c.Requests, Took: c.Took, Err: c.Err})
		for i := range c.Created {
			e.observeRun(o.RunStarted, &c.Created[i])
		}
		for i := range c.Moved {
			row := &c.Moved[i]
			switch status := Status(row.Status); {
			case status == Waiting:
				e.observeRun(o.RunWaiting, row)
			case status == Blocked:
				e.observeRun(o.RunBlocked, row)
			case status.Ended():
				e.observeRun(o.RunEnded, row)
			}
		}
	}
}

// observesSteps reports whether somebody wants to know of the run's steps.
func (x *execution) observesSteps() bool {
	return x.eng.cfg.Observer.StepStarted != nil || x.eng.cfg.Observer.StepEnded != nil
}

// observeBegin tells that an attempt begins.
func (x *execution) observeBegin(ref Ref) {
	if x.observesSteps() {
		x.tidings.tell(false, func(error) { observe(x.eng, x.eng.cfg.Observer.StepStarted, ref) })
	}
}

// observeStep tells of the end of an attempt: what it came to, why it was stopped, by what limit, and the
// error of going on after it. It is called if x.observesSteps.
func (x *execution) observeStep(ev StepEvent, out *Outcome, stopped, over, err error) {
	ev.Err = cmp.Or(err, over, out.Refuse, out.Err)
	if err == nil && over == nil && ev.Err != nil && stopped != nil {
		ev.Err = stopped
	}
	switch {
	case ev.Err == nil:
		ev.Next = out.Next
	case x.row.Status == string(Waiting):
		ev.Retry = timeOf(x.row.DueUS)
	}
	x.tidings.tell(true, func(lost error) {
		if lost != nil {
			ev.Next, ev.Err = "", lost
		}
		observe(x.eng, x.eng.cfg.Observer.StepEnded, ev)
	})
}

// observeLoss tells that another process owns the run, if err says so.
func (x *execution) observeLoss(err error) {
	if errors.Is(err, ErrLeaseLost) {
		observe(x.eng, x.eng.cfg.Observer.LeaseLost, x.ref())
	}
}
