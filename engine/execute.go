package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// ExecuteOptions are the extras of Execute. nil means none.
type ExecuteOptions struct {
	Return bool // return when the run has to wait, also for a place in its queue, instead of waiting with it

	// Held is called when the queue of the run has no place for it, with the run, before each wait for one.
	// If it is set, such a wait is waited for in spite of Return.
	Held func(Run)
	// Begun is called, before the first step, each time that the run has become this process's to
	// execute, with the run as it goes on from there, by the goroutine that executes it. nil is not called.
	Begun func(Run)
}

// Execute executes a run in the foreground, until it has ended or is paused or blocked, and returns it as it
// is then; look at its Status. It waits for the limits of the run's queue. It takes the run over if nobody
// executes it, or if its owner has died. When ctx ends, the run is saved and suspended, and returned
// with that status and a nil error. ErrRunOwned means that another living process executes it.
func (e *Engine) Execute(ctx context.Context, id int64, opts *ExecuteOptions) (Run, error) {
	if opts == nil {
		opts = &ExecuteOptions{}
	}
	row, err := e.execute(ctx, id, opts)
	return e.outlineOf(&row), err
}

// execute is Execute for the row of the run.
func (e *Engine) execute(ctx context.Context, id int64, opts *ExecuteOptions) (store.Run, error) {
	if !e.begin() {
		return store.Run{}, ErrClosed
	}
	defer e.tasks.Done()
	if _, err := e.join(ctx); err != nil {
		return store.Run{}, err
	}
	ctx, enough := e.InTime(ctx)
	defer enough()
	for mine := false; ; {
		changed := e.news.changed() // first, so that no change is missed
		row, executed, err := e.turn(ctx, id, opts)
		if err != nil {
			return row, err
		}
		mine = mine || executed
		waiting := row.Status == string(Waiting)
		if opts.Return && row.Children > 0 && waiting && ctx.Err() == nil {
			if row, err = e.executeFamily(ctx, &row, true); err != nil || row.Status == string(Waiting) {
				return row, err
			}
			continue
		}
		switch s := e.standing(&row, executed); {
		case s == elsewhere && !mine:
			return row, fmt.Errorf("run %d: %w (worker %d)", id, ErrRunOwned, row.Owner)
		case s == settled, ctx.Err() != nil:
			return row, nil
		case s == undoable && e.life.Err() == nil:
			continue // what it has done is undone here, too
		case opts.Return && (s != queued || opts.Held == nil):
			return row, nil
		case e.life.Err() != nil:
			return row, ErrClosed
		case s == queued && opts.Held != nil:
			opts.Held(e.outlineOf(&row))
		}
		mine = mine || !opts.Return // whoever takes it up now, its end is waited for
		if err := e.standBy(ctx, changed, &row); err != nil {
			return row, err
		}
	}
}

// turn executes the run if that can be done here and now, and returns it as it is then.
func (e *Engine) turn(ctx context.Context, id int64, opts *ExecuteOptions) (row store.Run, executed bool, err error) {
	row, executed, err = e.seize(ctx, id)
	if err != nil || !executed {
		return row, false, err
	}
	x, own := e.adopt(ctx, &row, Suspended)
	x.onBegin = opts.Begun
	if err := x.run(own); err != nil {
		if !errors.Is(err, ErrLeaseLost) {
			e.tasks.Go(func() { e.giveBack(e.life, id) }) // ends with the engine
		}
		return row, true, err
	}
	if x.over() {
		return x.row, true, nil
	}
	row, err = e.row(context.WithoutCancel(ctx), id)
	return row, true, err
}

// standing is how a run stands that does not execute here.
type standing uint8

const (
	settled   standing = iota // it has ended, or does not go on by itself
	elsewhere                 // others execute it, or may take it up at any moment
	resting                   // it waits: for a time, a signal, its children, or to try an undo again
	undoable                  // what it has done can be undone now
	queued                    // its queue has no place for it
)

// standing says how a run stands; executed, that it has just been executed here.
func (e *Engine) standing(row *store.Run, executed bool) standing {
	switch status := Status(row.Status); {
	case status == Waiting:
		return resting
	case row.Owner != 0, status == Pending && executed:
		return elsewhere
	case status == Compensating && row.DueUS > e.clock.NowUS():
		return resting
	case status == Compensating:
		return undoable
	case status == Pending, status == Suspended && !executed:
		return queued
	}
	return settled
}

// standBy waits until a run that cannot be executed now may go on. If it waits for its children, they are executed.
func (e *Engine) standBy(ctx context.Context, changed <-chan struct{}, row *store.Run) error {
	if row.Children > 0 && row.Status == string(Waiting) {
		_, err := e.executeFamily(ctx, row, false)
		return err
	}
	e.doze(ctx, changed, e.wakeUS(ctx, row))
	return nil
}

// seize makes this process the owner of a run if it can be executed now; if not, the bool is false
// and the row says why.
func (e *Engine) seize(ctx context.Context, id int64) (store.Run, bool, error) {
	e.mu.Lock()
	row, held := e.held[id]
	delete(e.held, id)
	w := e.worker
	e.mu.Unlock()
	if held {
		return row, true, nil
	}
	if ctx.Err() == nil {
		if err := e.freeDead(ctx, id); err != nil {
			return store.Run{}, false, err
		}
		row, err := e.glance(ctx, id)
		if err != nil {
			return row, false, err
		}
		if e.waits(ctx, &row) { // a look that finds nothing must not take the write lock
			row, err = e.row(ctx, id)
			return row, false, err
		}
		rows, err := e.store.Claim(ctx, store.Claim{
			Worker: w.id, IDs: []int64{id}, Statuses: []string{string(Pending), string(Suspended), string(Waiting), string(Compensating)}, Limit: 1,
		})
		if err != nil && ctx.Err() == nil {
			return store.Run{}, false, err
		}
		if len(rows) == 1 {
			return rows[0], true, nil
		}
	}
	row, err := e.row(context.WithoutCancel(ctx), id)
	return row, false, err
}

// freeDead frees a run whose owner has died, with all others of that process, or one that this
// process owns and does not execute.
func (e *Engine) freeDead(ctx context.Context, id int64) error {
	row, err := e.glance(ctx, id)
	if err != nil || row.Owner == 0 {
		return err
	}
	e.mu.Lock()
	mine := e.worker != nil && e.worker.id == row.Owner
	_, held := e.held[id]
	idle := held || e.adrift[id]
	e.mu.Unlock()
	switch {
	case mine && idle:
		return e.disown(ctx, id)
	case mine: // it executes, or was claimed this very moment
		return nil
	}
	alive, err := e.alive(ctx, row.Owner)
	if err != nil || alive {
		return err
	}
	return e.reapDead(ctx)
}

// disown frees a run that this process owns and does not execute.
func (e *Engine) disown(ctx context.Context, id int64) error {
	err := e.store.Update(ctx, func(tx *store.Tx) error {
		r, err := tx.Run(id)
		if err != nil || r.Owner != e.worker.id {
			return err
		}
		next := r
		if next.Owner, next.Epoch = 0, r.Epoch+1; r.Ending == "" {
			next.Status = string(Pending)
		}
		h := store.History{Kind: "released", Step: r.Step, Visit: r.Visit, Attempt: r.Attempt, Worker: r.Owner, DurationUS: -1}
		return tx.Apply(&store.Change{Lease: r.Lease(), Row: next, History: []store.History{h}})
	})
	if err != nil {
		return err
	}
	e.mu.Lock()
	delete(e.held, id)
	delete(e.adrift, id)
	e.mu.Unlock()
	e.enqueued()
	return nil
}

// row reads a run's row.
func (e *Engine) row(ctx context.Context, id int64) (store.Run, error) {
	row, err := e.store.Run(ctx, id)
	return row, found(id, err)
}

// glance is row for those who do not want its payloads, of which the large ones are left where they are.
func (e *Engine) glance(ctx context.Context, id int64) (store.Run, error) {
	row, err := e.store.RunAlone(ctx, id)
	return row, found(id, err)
}

// found says which run is not there.
func found(id int64, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("run %d: %w", id, ErrRunNotFound)
	}
	return err
}

// doze waits until a time has come (0 for none), something has changed, or ctx or the engine ends.
func (e *Engine) doze(ctx context.Context, changed <-chan struct{}, dueUS int64) {
	defer e.news.letPass(changed, e.clock)()
	e.sleepUntil(ctx, changed, dueUS)
}

// sleepUntil is doze for one who waits for nobody's work. It looks at the wall clock once a second, so that
// a clock that jumps delays nothing.
func (e *Engine) sleepUntil(ctx context.Context, changed <-chan struct{}, dueUS int64) {
	for dueUS == 0 || e.clock.NowUS() < dueUS {
		due, stop := (<-chan time.Time)(nil), func() {}
		if dueUS != 0 {
			due, stop = e.clock.Timer(time.UnixMicro(dueUS))
		}
		select {
		case <-due:
			stop()
			continue
		case <-changed:
		case <-ctx.Done():
		case <-e.life.Done():
		}
		stop()
		return
	}
}

// Resumable lists the runs that Execute would go on with: suspended ones, those whose owner has
// died, those given back by a worker that stopped, and waiting ones that are due; with all also
// those that never began. A child is not listed, but its family by the eldest. Oldest first.
func (e *Engine) Resumable(ctx context.Context, all bool) ([]Run, error) {
	var list []Run
	alive := map[int64]bool{}
	now := e.clock.Now()
	families := map[int64]bool{} // by root: a descendant can go on
	for before := int64(0); ; {
		page, err := e.List(ctx, RunFilter{
			Statuses: []Status{Pending, Running, Waiting, Suspended, Compensating}, Before: before, Limit: pageSize, WithState: true,
		})
		if err != nil {
			return nil, err
		}
		for _, run := range page {
			before = run.ID
			ok, err := e.resumable(ctx, run, all || run.Root != 0, now, alive)
			switch {
			case err != nil:
				return nil, err
			case run.Root != 0:
				families[run.Root] = families[run.Root] || ok
			case ok || families[run.ID] && run.Status == Waiting:
				list = append(list, run)
			}
		}
		if len(page) < pageSize {
			break
		}
	}
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list, nil
}

func (e *Engine) resumable(ctx context.Context, run Run, all bool, now time.Time, alive map[int64]bool) (bool, error) {
	switch run.Status {
	case Suspended:
		return true, nil
	case Pending:
		return all || !run.Started.IsZero(), nil
	case Waiting:
		return !run.Due.IsZero() && !run.Due.After(now) || !run.Deadline.IsZero() && !run.Deadline.After(now), nil
	case Compensating:
		if run.Worker == 0 {
			return !run.Due.After(now), nil
		}
	default: // running: its owner may have died
	}
	lives, known := alive[run.Worker]
	if !known {
		var err error
		if lives, err = e.alive(ctx, run.Worker); err != nil {
			return false, err
		}
		alive[run.Worker] = lives
	}
	return !lives, nil
}
