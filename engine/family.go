package engine

import (
	"context"
	"errors"

	"github.com/durable-wf/wf/engine/internal/store"
)

// childPage is how many children are read at a time.
const childPage = 100

// Children returns a page of children, see [Host].
func (x *execution) Children(after int64) ([]Run, error) {
	id, err := x.born()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), readLimit)
	defer cancel()
	return x.eng.children(ctx, id, after)
}

// Children returns a page of the children that a run has spawned last, in the order of their places, from
// the one behind place after (-1 for the first). An empty page is the end.
func (e *Engine) Children(ctx context.Context, id, after int64) ([]Run, error) {
	if _, err := e.glance(ctx, id); err != nil {
		return nil, err
	}
	return e.children(ctx, id, after)
}

// FamilyProgress is how many of the children that a run has spawned last have ended, of all of them.
func (e *Engine) FamilyProgress(ctx context.Context, id int64) (Progress, error) {
	n, err := e.store.ChildCounts(ctx, id)
	return Progress{Done: n.Ended, Total: n.Total}, err
}

func (e *Engine) children(ctx context.Context, id, after int64) ([]Run, error) {
	rows, err := e.store.Children(ctx, id, after, childPage)
	if err != nil {
		return nil, err
	}
	runs := make([]Run, len(rows))
	for i := range rows {
		runs[i] = e.runOf(&rows[i])
	}
	return runs, nil
}

// executeFamily executes the descendants of a run that waits, up to Config.Workers at a time, until it
// does not wait any more, or its own time has come; with once also as soon as none of them can go on. It
// returns the run as it is then. Descendants that ctx stops are suspended.
func (e *Engine) executeFamily(ctx context.Context, run *store.Run, once bool) (store.Run, error) {
	if err := e.reapDead(ctx); err != nil { // what they executed would look as if it could not go on
		return *run, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.life, cancel)() //nolint:contextcheck // the engine may end before ctx
	e.mu.Lock()
	w := e.worker
	e.mu.Unlock()
	d := &dispatcher{eng: e, worker: w, slots: newSlots(e.cfg.Workers), root: eldest(run), once: once}
	d.begin = func(row *store.Run) { d.start(ctx, row) }
	watched := make(chan struct{})
	go func() { // ends with ctx
		defer close(watched)
		e.awaitWake(ctx, run.ID)
		cancel()
	}()
	err := d.dispatch(ctx)
	cancel()
	<-watched
	err = errors.Join(err, d.drain(ctx))
	row, readErr := e.row(context.WithoutCancel(ctx), run.ID)
	return row, errors.Join(err, readErr)
}

// awaitWake returns when a run does not wait any more, when its due time has come, or with ctx.
func (e *Engine) awaitWake(ctx context.Context, id int64) {
	for ctx.Err() == nil {
		changed := e.news.changed()
		row, err := e.glance(ctx, id)
		due := e.wakeUS(ctx, &row)
		if err != nil || row.Status != string(Waiting) || due != 0 && e.clock.NowUS() >= due {
			return
		}
		e.doze(ctx, changed, due)
	}
}

// eldest returns the root of a run's family.
func eldest(run *store.Run) int64 {
	if run.Root != 0 {
		return run.Root
	}
	return run.ID
}
