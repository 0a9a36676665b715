package engine

import (
	"context"
	"slices"

	"github.com/durable-wf/wf/engine/internal/oslock"
)

// Wait blocks until the run has ended and returns it; look at its Status. A run that is blocked or
// paused has not ended: bound the wait with ctx. It logs a warning when the run needs a person, or
// when no living worker could execute it. Waiting costs nothing until the run has ended: its end is
// handed over in process, and looked for, once for all who wait, when another process has committed.
func (e *Engine) Wait(ctx context.Context, id int64) (Run, error) {
	e.listen()
	for warned := false; ; {
		w, leave := e.awaitEnd(id) // first, so that no end is missed
		row, err := e.glance(ctx, id)
		if err != nil || Status(row.Status).Ended() {
			leave()
			return e.Get(ctx, id)
		}
		run := e.runOf(&row)
		warned = warned || e.warnStuck(ctx, run)
		e.letPass(w)
		select {
		case <-w.ended:
		case <-ctx.Done():
			err = context.Cause(ctx)
		case <-e.life.Done():
			err = ErrClosed
		}
		leave()
		if err != nil {
			return run, err
		}
	}
}

// warnStuck logs what keeps a run from ending by itself, and reports whether anything does.
func (e *Engine) warnStuck(ctx context.Context, run Run) bool {
	switch {
	case run.Status == Blocked || run.Status == Paused:
		e.log.WarnContext(ctx, "waiting for a run that needs a person", "run_id", run.ID, "workflow", run.Workflow,
			"status", string(run.Status), "reason", run.Reason)
	case (run.Status == Pending || run.Status == Compensating && run.Worker == 0) && !e.anyWorker(ctx):
		e.log.WarnContext(ctx, "no living worker could execute the run", "run_id", run.ID, "workflow", run.Workflow)
	default:
		return false
	}
	return true
}

// waiter is one who waits for the end of a run.
type waiter struct {
	ended chan struct{} // closed when the run may have ended
	over  func()        // tells the clock, before anything else happens, that nobody waits here any more
}

// awaitEnd registers one who waits for the end of a run, and returns what ends that.
func (e *Engine) awaitEnd(id int64) (w *waiter, leave func()) {
	w = &waiter{ended: make(chan struct{}), over: func() {}}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.waiters[id] = append(e.waiters[id], w)
	return w, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		w.over()
		rest := slices.DeleteFunc(e.waiters[id], func(other *waiter) bool { return other == w })
		if e.waiters[id] = rest; len(rest) == 0 {
			delete(e.waiters, id)
		}
	}
}

// letPass tells the clock that w can only wait, unless what it waits for has happened.
func (e *Engine) letPass(w *waiter) {
	e.mu.Lock()
	defer e.mu.Unlock()
	select {
	case <-w.ended:
	default:
		w.over = e.clock.Wait()
	}
}

// ended tells those who wait that a run has ended.
func (e *Engine) ended(id int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, w := range e.waiters[id] {
		w.over()
		close(w.ended)
	}
	delete(e.waiters, id)
}

// lookForEnds finds the runs that somebody here waits for and that another process has ended.
func (e *Engine) lookForEnds(ctx context.Context) {
	e.mu.Lock()
	ids := make([]int64, 0, len(e.waiters))
	for id := range e.waiters {
		ids = append(ids, id)
	}
	e.mu.Unlock()
	if len(ids) == 0 {
		return
	}
	over, err := e.store.Ended(ctx, ids)
	if err != nil {
		if ctx.Err() == nil {
			e.log.Warn("looking for runs that have ended", "error", err)
		}
		return
	}
	for _, id := range over {
		e.ended(id)
	}
}

// anyWorker reports whether any worker lives.
func (e *Engine) anyWorker(ctx context.Context) bool {
	workers, err := e.store.Workers(ctx, true)
	if err != nil {
		return true // it is not known that there is none
	}
	for _, w := range workers {
		if alive, err := oslock.Alive(e.store.LockDir(), w.UUID); alive || err != nil {
			return true
		}
	}
	return false
}
