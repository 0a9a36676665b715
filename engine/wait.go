package engine

import (
	"context"

	"github.com/durable-wf/wf/engine/internal/oslock"
)

// Wait blocks until the run has ended and returns it; look at its Status. It logs a warning when no
// living worker could execute the run. Waiting holds no connection, and costs nothing until something
// changes.
func (e *Engine) Wait(ctx context.Context, id int64) (Run, error) {
	if err := e.listen(); err != nil {
		return Run{}, err
	}
	warned := false
	for {
		changed := e.news.changed() // arm, then look, then sleep
		run, err := e.Get(ctx, id)
		if err != nil || run.Status.Ended() {
			return run, err
		}
		if !warned && run.Status == Pending && !e.anyWorker(ctx) {
			e.log.WarnContext(ctx, "no living worker could execute the run", "run_id", id, "workflow", run.Workflow)
			warned = true
		}
		if err := e.waitNews(ctx, changed); err != nil {
			return run, err
		}
	}
}

// waitNews waits for news, the end of ctx, or of the engine.
func (e *Engine) waitNews(ctx context.Context, changed <-chan struct{}) error {
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-e.life.Done():
		return ErrClosed
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
