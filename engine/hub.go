package engine

import (
	"context"
	"sync"
	"time"

	"github.com/durable-wf/wf/engine/internal/clock"
	"github.com/durable-wf/wf/engine/internal/store"
)

// hub wakes any number of goroutines at once. The zero value is ready.
type hub struct {
	mu sync.Mutex
	ch chan struct{} // guarded by mu; closed by notify

	over []func() // guarded by mu: tell the clock that nobody waits for ch any more
}

// changed returns a channel that is closed by the next notify. Take it, then look, then wait: so no
// change is missed.
func (h *hub) changed() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ch == nil {
		h.ch = make(chan struct{})
	}
	return h.ch
}

func (h *hub) notify() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, over := range h.over {
		over()
	}
	h.over = nil
	if h.ch != nil {
		close(h.ch)
		h.ch = nil
	}
}

// letPass tells the clock of a test that somebody can only wait for changed, which changed has returned, or
// for a time. The function that it returns ends that.
func (h *hub) letPass(changed <-chan struct{}, c *clock.Clock) (over func()) {
	if c == nil {
		return func() {}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ch != changed {
		return func() {}
	}
	over = c.Wait()
	h.over = append(h.over, over)
	return over
}

// listen starts, once, the goroutine that hears of other processes' commits: by the doorbell at
// once, and within a second by the database's data version. Where the system cannot watch the doorbell
// (it has few inotify instances) the latter alone has to do. It ends with Close.
func (e *Engine) listen() {
	e.listening.Do(func() {
		var rings <-chan struct{}
		if e.bell != nil {
			var err error
			if rings, err = e.bell.Watch(e.life); err != nil {
				e.log.Warn("others are heard by looking once a second alone", "error", err)
			}
		}
		e.task(func() { e.hear(rings) })
	})
}

func (e *Engine) hear(rings <-chan struct{}) {
	for {
		select {
		case <-e.life.Done():
			return
		case _, ok := <-rings:
			if !ok {
				rings = nil
			} else if !e.store.OthersWrote(e.life) { // but this process, which knows what it has done
				if !e.rest() {
					return
				}
				continue
			}
		case _, ok := <-e.store.Watch():
			if !ok {
				return
			}
		}
		e.attend(e.life)
		e.lookForEnds(e.life)
		e.work.notify()
		e.plans.notify()
		e.news.notify()
		if !e.rest() {
			return
		}
	}
}

// hearing is the least time between two looks at what others have committed, so that a busy file
// costs its listeners little. The first ring after a quiet time is heard at once.
const hearing = 2 * time.Millisecond

// rest lets that time pass. It returns false when the engine ends.
func (e *Engine) rest() bool {
	timer := time.NewTimer(hearing)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-e.life.Done():
		return false
	}
}

// attend passes what others want of runs that execute here on to them.
func (e *Engine) attend(ctx context.Context) {
	e.mu.Lock()
	w := e.worker
	e.mu.Unlock()
	if w == nil {
		return
	}
	wants, err := e.store.Wants(ctx, w.id)
	if err != nil {
		if ctx.Err() == nil {
			e.log.Warn("looking for requests", "error", err)
		}
		return
	}
	again := false
	for _, want := range wants {
		e.mu.Lock()
		x := e.live[want.Run]
		_, held := e.held[want.Run]
		idle := held || e.adrift[want.Run]
		e.mu.Unlock()
		switch {
		case x != nil:
			x.want(want.Want, want.Detail)
		case !idle: // claimed this very moment, with a row that was read before
			again = true
		}
	}
	if again {
		time.AfterFunc(hearing, func() { e.attend(e.life) }) // ends at once
	}
}

// Watch returns a channel that ticks whenever anything in the file may have changed, and is closed
// when ctx or the engine ends. Ticks that nobody takes are merged into one.
func (e *Engine) Watch(ctx context.Context) <-chan struct{} {
	ticks := make(chan struct{}, 1) // closed by the goroutine below
	e.listen()
	if !e.begin() {
		close(ticks)
		return ticks
	}
	go func() {
		defer e.tasks.Done()
		defer close(ticks)
		for {
			changed := e.news.changed()
			select {
			case <-changed:
			case <-ctx.Done():
				return
			case <-e.life.Done():
				return
			}
			select {
			case ticks <- struct{}{}:
			default:
			}
		}
	}()
	return ticks
}

// aside hears, from the writer, what a transaction of this process has done to relatives of a run.
func (e *Engine) aside(a store.Aside) {
	for _, id := range a.Ended {
		e.ended(id, nil)
	}
	if a.Wanted {
		e.task(func() { e.attend(e.life) }) // not here: the writer waits
	}
}
