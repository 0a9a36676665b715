package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"sync"
	"time"
)

const (
	defaultStall = 10 * time.Minute // StartOptions.StallAfter
	stallLooks   = 20               // into how many parts that time is divided: a stall is noticed so much later at most
)

// sign is what changes when a run gets on.
type sign struct{ done, visit, attempt, saves, active int64 }

// sign is that of a run that executes here.
func (x *execution) sign() sign {
	x.mu.Lock()
	defer x.mu.Unlock()
	return sign{x.done.Load(), x.row.Visit, x.row.Attempt, x.row.Saves, x.row.ActiveUS}
}

// watchStalls fires the run's hooks on stalls until the returned function is called. Close waits for those under way.
func (x *execution) watchStalls() (stop func()) {
	var hooks []Hook
	for _, h := range x.terms.Hooks {
		if h.On == HookStall {
			hooks = append(hooks, h)
		}
	}
	if x.eng.cfg.Hook == nil || len(hooks) == 0 {
		return func() {}
	}
	w := stallWatch{x: x, run: x.lease.Run, hooks: hooks, ended: make(chan struct{})}
	var wg sync.WaitGroup
	wg.Go(w.watch)
	return func() {
		close(w.ended)
		wg.Wait()
	}
}

// stallWatch looks whether an execution gets on.
type stallWatch struct {
	x     *execution
	run   int64
	hooks []Hook
	ended chan struct{}
}

func (w *stallWatch) watch() {
	limit := cmp.Or(w.x.terms.Stall, defaultStall)
	tick := time.NewTicker(max(limit/stallLooks, time.Millisecond))
	defer tick.Stop()
	last, since, fired := w.x.sign(), time.Now(), false
	for {
		select {
		case <-w.ended:
			return
		case <-tick.C:
		}
		if now := w.x.sign(); now != last {
			last, since, fired = now, time.Now(), false
			continue
		}
		if still := time.Since(since); still >= limit && !fired {
			fired = true
			w.x.eng.hook(func(ctx context.Context) error { return w.fire(ctx, still) })
		}
	}
}

// fire fires the hooks on a stall. What came of them is a note of the attempt, in its next event.
func (w *stallWatch) fire(ctx context.Context, still time.Duration) error {
	run, err := w.x.eng.Get(ctx, w.run)
	if err != nil {
		return err
	}
	for _, h := range w.hooks {
		ev := w.x.eng.call(ctx, HookEvent{Hook: h, Run: run, Still: still})
		note, err := json.Marshal(map[string]any{"do": h.Do, "still_us": still.Microseconds(), "error": ev.Error})
		if err != nil { // texts and numbers always marshal
			return err
		}
		w.x.Annotate("hook_stall", note)
	}
	return nil
}
