package program

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/durable-wf/wf/engine"
)

const (
	pollEvery  = time.Second           // where no news of files comes
	firstRetry = 20 * time.Millisecond // a file that is being written is looked at again after this time,
	lastRetry  = time.Second           // and then after longer ones, up to this one
	slowStop   = 2 * time.Second       // a program that takes longer to stop is told of
	settling   = time.Second           // how long after a program's end its files may still look as if they were being written
)

// watch records the versions of the state files until the program has ended, and stops it when the run has to stop.
func (a *attempt) watch() {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	a.again = time.NewTimer(0)
	defer a.again.Stop()
	a.backoff = firstRetry
	for {
		select {
		case <-a.child.Done():
			return
		case <-a.ctx.Done():
			a.stop()
			return
		case <-a.news.C:
			a.noticed()
		case <-poll.C:
			a.noticed()
		case <-a.again.C:
			if a.pending {
				a.record()
			}
		}
	}
}

// noticed takes note of a change: the version is recorded at once if the policy allows, else when it does.
func (a *attempt) noticed() {
	if !a.set.Moved() {
		return
	}
	a.pending, a.backoff = true, firstRetry
	interval, since := a.ctx.Interval(), time.Since(a.recorded)
	switch due := a.ctx.Due(); {
	case due, interval > 0 && since >= interval:
		a.record()
	case interval > 0:
		a.again.Reset(interval - since)
	}
}

// record records the files as they are, if they have changed, while the program lives: only then what it has
// closed counts as whole. If it has died meanwhile, last looks again.
func (a *attempt) record() {
	found, err := a.set.Look(a.s.Version.Files, true)
	if err != nil {
		a.ctx.Log().Warn("a state file cannot be read", "error", err)
		return
	}
	if !a.child.ID.Alive() {
		a.set.Forget()
		return
	}
	if found.Changed {
		a.s.advance(found.Files)
		a.recorded, a.gained = time.Now(), true
		_ = a.ctx.Save() // if it refuses, the context ends, and the program with it
	}
	a.pending = len(found.Busy)+len(found.Torn) > 0
	if a.pending {
		a.again.Reset(a.backoff)
		a.backoff = min(2*a.backoff, lastRetry)
	}
}

// stop ends the program because the run has to stop here: what it has saved is recorded before, it is asked to
// save once more, and killed if it does not end. A run that others own now is no longer ours to record.
func (a *attempt) stop() {
	a.stopped = true
	if cause := context.Cause(a.ctx); errors.Is(cause, engine.ErrLeaseLost) || errors.Is(cause, engine.ErrStorage) {
		a.child.Kill()
		return
	}
	a.record()
	defer a.tellStopping()()
	if a.child.Stop(context.WithoutCancel(a.ctx), a.s.Grace) {
		a.ctx.Annotate("killed_after", a.s.Grace.String())
	}
}

// tellStopping tells whoever waits for a program that does not end at once for what they wait, until the function
// that it returns is called.
func (a *attempt) tellStopping() (end func()) {
	if a.s.Grace <= slowStop {
		return func() {}
	}
	timer := time.AfterFunc(slowStop, func() {
		fmt.Fprintf(a.ctx.Stderr(), "wf: the program has not ended %v after SIGTERM; it is killed after %v (--grace)\n", slowStop, a.s.Grace) // nobody could be told of its error
	})
	return func() { timer.Stop() }
}

// last records what the program has left behind, once nobody writes any more. What does not show its end is
// believed only of a program that has ended by itself.
func (a *attempt) last(trust bool) error {
	for begun := time.Now(); ; time.Sleep(firstRetry) {
		found, err := a.set.Look(a.s.Version.Files, trust)
		if err != nil {
			return err
		}
		if len(found.Busy) > 0 && time.Since(begun) < settling {
			continue
		}
		if len(found.Torn) > 0 {
			a.ctx.Annotate("torn", found.Torn[:min(len(found.Torn), mostNamed)])
		}
		if len(found.Doubted) > 0 {
			a.ctx.Annotate("doubted", found.Doubted[:min(len(found.Doubted), mostNamed)])
		}
		if found.Changed {
			a.s.advance(found.Files)
			a.gained, a.unsaved = true, true
		}
		return nil
	}
}
