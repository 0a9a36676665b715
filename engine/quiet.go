package engine

import (
	"context"
	"fmt"
	"time"
)

// quiet tells the clock of a test what this engine does, "" for nothing, and when the next run is due. The
// database is asked first and what executes here last: a run that ends meanwhile moves the clock.
func (e *Engine) quiet(ctx context.Context, now time.Time) (busy string, next time.Time, err error) {
	if e.life.Err() != nil {
		return "", time.Time{}, nil
	}
	if e.serving.Load() > 0 {
		if busy, next, err = e.due(ctx, now); err != nil || busy != "" {
			return busy, next, err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for id := range e.live {
		return fmt.Sprintf("executing run %d", id), now, nil
	}
	return "", next, nil
}

// due asks the database what Serve would have to do.
func (e *Engine) due(ctx context.Context, now time.Time) (busy string, next time.Time, err error) {
	ready, err := e.store.Claimable(ctx, e.names, now.UnixMicro())
	if err != nil {
		return "", next, err
	}
	if ready {
		return "claiming a run", next, nil
	}
	owned, err := e.List(ctx, RunFilter{Statuses: []Status{Running, Compensating}})
	if err != nil {
		return "", next, err
	}
	for _, run := range owned {
		if run.Worker != 0 {
			return fmt.Sprintf("executing run %d", run.ID), next, nil
		}
	}
	scheduled, err := e.store.ScheduleDueUS(ctx, e.names)
	if err != nil {
		return "", next, err
	}
	if scheduled != 0 && scheduled <= now.UnixMicro() {
		return "starting what is scheduled", next, nil
	}
	due, err := e.store.DueUS(ctx, now.UnixMicro())
	if due == 0 || scheduled != 0 && scheduled < due {
		due = scheduled
	}
	return "", timeOf(due), err
}
