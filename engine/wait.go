package engine

import (
	"context"
	"slices"

	"github.com/durable-wf/wf/engine/internal/oslock"
	"github.com/durable-wf/wf/engine/internal/store"
)

// Wait blocks until the run has ended and returns it; look at its Status. A run that is blocked or
// paused has not ended: bound the wait with ctx. It logs a warning when the run needs a person, or
// when no living worker could execute it. Waiting costs nothing until the run has ended: its end is
// handed over in process, and looked for, once for all who wait, when another process has committed.
func (e *Engine) Wait(ctx context.Context, id int64) (Run, error) {
	row, err := e.waitFor(ctx, id)
	switch {
	case row == nil:
		return Run{}, err
	case err != nil:
		return e.runOf(row), err
	}
	return e.whole(ctx, row)
}

// waitFor is Wait for the row of the run, which must not be changed. With an error it is the row as it was seen last; nil if
// it could not be read. Many may wait at a time: so much of its row as each of them has is not on their stacks.
func (e *Engine) waitFor(ctx context.Context, id int64) (row *store.Run, err error) {
	e.listen()
	for warned := false; ; {
		w := e.enlist(id) // first, so that no end is missed
		if !w.here {
			if row, err = heaped(ctx, id, e.glance); err != nil || Status(row.Status).Ended() {
				w.leave()
				return heaped(ctx, id, e.present)
			}
			warned = warned || e.warnStuck(ctx, row)
		}
		e.letPass(w)
		select {
		case <-w.woken:
		case <-ctx.Done():
			err = context.Cause(ctx)
		case <-e.life.Done():
			err = ErrClosed
		}
		w.leave()
		switch {
		case w.end != nil:
			return w.end, nil
		case err != nil && row == nil:
			row, _ = heaped(context.WithoutCancel(ctx), id, e.row) // that it has not ended is known
			return row, err
		case err != nil:
			return row, err
		}
	}
}

// heaped reads a row to the heap; nil if it cannot be read. It is kept out of line, so that the row takes no room on the
// stack of who waits.
//
//go:noinline
func heaped(ctx context.Context, id int64, read func(context.Context, int64) (store.Run, error)) (*store.Run, error) {
	row, err := read(ctx, id)
	if err != nil {
		return nil, err
	}
	return &row, nil
}

// warnStuck logs what keeps a run from ending by itself, and reports whether anything does.
func (e *Engine) warnStuck(ctx context.Context, row *store.Run) bool {
	switch status := Status(row.Status); {
	case status == Blocked || status == Paused:
		e.log.WarnContext(ctx, "waiting for a run that needs a person", "run_id", row.ID, "workflow", row.Workflow,
			"status", row.Status, "reason", row.Reason)
	case (status == Pending || status == Compensating && row.Owner == 0) && e.serving.Load() == 0 && !e.anyWorker(ctx):
		e.log.WarnContext(ctx, "no living worker could execute the run", "run_id", row.ID, "workflow", row.Workflow)
	default:
		return false
	}
	return true
}

// waiter is one who waits for the end of a run.
type waiter struct {
	eng   *Engine
	run   int64
	here  bool          // the run executes in this process, which will tell when it does so no more
	woken chan struct{} // closed when the run may have ended
	end   *store.Run    // the run, if it has ended in this process; valid once woken is closed
	over  func()        // tells the clock, before anything else happens, that nobody waits here any more
}

// enlist registers one who waits for the end of a run. leave ends that.
func (e *Engine) enlist(id int64) *waiter {
	w := &waiter{eng: e, run: id, woken: make(chan struct{}), over: func() {}}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.waiters[id] = append(e.waiters[id], w)
	x := e.live[id]
	w.here = x != nil && !x.told
	return w
}

func (w *waiter) leave() {
	w.eng.mu.Lock()
	defer w.eng.mu.Unlock()
	w.over()
	rest := slices.DeleteFunc(w.eng.waiters[w.run], func(other *waiter) bool { return other == w })
	if w.eng.waiters[w.run] = rest; len(rest) == 0 {
		delete(w.eng.waiters, w.run)
	}
}

// letPass tells the clock that w can only wait, unless what it waits for has happened.
func (e *Engine) letPass(w *waiter) {
	e.mu.Lock()
	defer e.mu.Unlock()
	select {
	case <-w.woken:
	default:
		w.over = e.clock.Wait()
	}
}

// ended tells those who wait that a run may have ended: they look again, unless they are given the run as it has
// ended.
func (e *Engine) ended(id int64, end *store.Run) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if x := e.live[id]; x != nil {
		x.told = true
	}
	e.rouse(id, end)
}

// rouse is ended for a caller that holds mu.
func (e *Engine) rouse(id int64, end *store.Run) {
	for _, w := range e.waiters[id] {
		w.end = end
		w.over()
		close(w.woken)
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
		e.ended(id, nil)
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
