package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"time"

	"github.com/durable-wf/wf/engine/internal/oslock"
	"github.com/durable-wf/wf/engine/internal/store"
)

// hook does something about hooks in the background; Close waits for it. Once Close has begun it is left to others.
func (e *Engine) hook(fn func(context.Context) error) {
	if e.cfg.Hook == nil {
		return
	}
	e.gate.Lock()
	defer e.gate.Unlock()
	if e.life.Err() != nil {
		return
	}
	e.hooks.Go(func() {
		if err := fn(context.WithoutCancel(e.life)); err != nil {
			e.log.Error("firing hooks", "error", err)
		}
	})
}

// owe notes that the hooks of a run that goes on are to be fired at its next end.
func owe(tx *store.Tx, row *store.Run) error {
	if len(termsOf(row).Hooks) == 0 {
		return nil
	}
	return tx.OweHooks(row.ID)
}

// pay fires the hooks of a run that has just come to its present status.
func (e *Engine) pay(row *store.Run) {
	if e.cfg.Hook != nil && hookOf(Status(row.Status)) != "" && len(termsOf(row).Hooks) > 0 {
		id := row.ID
		e.hook(func(ctx context.Context) error { return e.fireFor(ctx, id) })
	}
}

// FireHooks fires the hooks of runs that have ended, or are blocked, that no process has fired: those of processes that
// died before they could. It returns when they are done, or when ctx ends: the rest is left to others. What they fail at is in the history. Without Config.Hook
// it does nothing. Serve, and whatever makes this process execute runs, does it, too.
func (e *Engine) FireHooks(ctx context.Context) error {
	if e.cfg.Hook == nil {
		return nil
	}
	if !e.begin() {
		return ErrClosed
	}
	defer e.tasks.Done()
	return e.fireOwed(ctx)
}

func (e *Engine) fireOwed(ctx context.Context) error {
	for first := int64(0); ; {
		ids, err := e.store.OwedHooks(ctx, first, math.MaxInt64)
		if ctx.Err() != nil || e.life.Err() != nil {
			return nil // the rest is left to others
		}
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			if ctx.Err() != nil || e.life.Err() != nil {
				return nil
			}
			if err := e.fireFor(ctx, id); err != nil {
				return err
			}
		}
		first = ids[len(ids)-1] + 1
	}
}

// hookPause is how often a worker looks for hooks of others that have died, or that do not fire hooks.
const hookPause = 30 * time.Second

// fireNowAndThen fires owed hooks until ctx ends.
func (e *Engine) fireNowAndThen(ctx context.Context) {
	if e.cfg.Hook == nil {
		return
	}
	tick := time.NewTicker(hookPause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := e.fireOwed(ctx); err != nil && ctx.Err() == nil {
				e.log.Error("firing hooks", "error", err)
			}
		}
	}
}

// fireFor fires the hooks of a run that has ended, unless somebody else is at it or has done it.
func (e *Engine) fireFor(ctx context.Context, id int64) error {
	for {
		free, err := e.fireAlone(ctx, id)
		if errors.Is(err, ErrRunNotFound) {
			return nil // it was pruned
		}
		if !free || err != nil {
			return err
		}
		// Whoever has ended the run again meanwhile has found somebody at it, and has left it to us.
		if owed, err := e.owes(ctx, id); !owed || err != nil {
			return err
		}
	}
}

// owes reports whether a run has ended, and its hooks are still to be fired.
func (e *Engine) owes(ctx context.Context, id int64) (bool, error) {
	owed, err := e.store.OwedHooks(ctx, id, id)
	return len(owed) > 0, err
}

// fireAlone fires the hooks of a run if they are owed, and reports whether nobody else was at it.
func (e *Engine) fireAlone(ctx context.Context, id int64) (free bool, err error) {
	release, free, err := oslock.Sole(e.store.LockDir(), fmt.Sprintf("hook-%d", id))
	if err != nil || !free {
		return false, err
	}
	defer func() { err = errors.Join(err, release()) }()
	if owed, err := e.owes(ctx, id); !owed || err != nil {
		return true, err
	}
	row, err := e.row(ctx, id)
	if err != nil {
		return true, err
	}
	run, err := e.whole(ctx, &row)
	if err != nil {
		return true, err
	}
	var events []store.History
	for _, h := range run.Hooks {
		if h.On == hookOf(run.Status) {
			events = append(events, e.call(ctx, HookEvent{Hook: h, Run: run}))
		}
	}
	return true, e.store.Update(ctx, func(tx *store.Tx) error { return tx.PayHooks(&row, events) })
}

// call calls Config.Hook within its limit, which a shutdown does not cut short, and returns what came of it as an event.
func (e *Engine) call(ctx context.Context, ev HookEvent) store.History {
	begun := time.Now()
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.cfg.HookTimeout)
	defer cancel()
	err := e.guarded(limited, ev)
	h := store.History{
		Kind: "hook", Step: ev.Run.Step, Visit: int64(ev.Run.Visit), DurationUS: time.Since(begun).Microseconds(),
		Detail: detail("on", string(ev.Hook.On), "do", ev.Hook.Do),
	}
	if err != nil {
		h.Error = err.Error()
		e.log.WarnContext(ctx, "hook failed", "run_id", ev.Run.ID, "on", ev.Hook.On, "do", ev.Hook.Do, "error", err)
	}
	return h
}

// guarded is Config.Hook, whose panic is an error.
func (e *Engine) guarded(ctx context.Context, ev HookEvent) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: string(debug.Stack())}
		}
	}()
	return e.cfg.Hook(ctx, e, ev)
}
