package engine

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// hub wakes any number of goroutines at once. The zero value is ready.
type hub struct {
	mu sync.Mutex
	ch chan struct{} // guarded by mu; closed by notify
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
	if h.ch != nil {
		close(h.ch)
		h.ch = nil
	}
}

// listen starts, once, the goroutine that hears of other processes' commits: by the doorbell at
// once, and within a second by the database's data version. It ends with Close.
func (e *Engine) listen() error {
	e.listening.Do(func() {
		var rings <-chan struct{}
		if e.bell != nil {
			if rings, e.listenErr = e.bell.Watch(e.life); e.listenErr != nil {
				e.listenErr = fmt.Errorf("watching the doorbell: %w", e.listenErr)
				return
			}
		}
		e.tasks.Go(func() { e.hear(rings) })
	})
	return e.listenErr
}

func (e *Engine) hear(rings <-chan struct{}) {
	for {
		select {
		case <-e.life.Done():
			return
		case _, ok := <-rings:
			if !ok {
				rings = nil
			}
		case _, ok := <-e.store.Watch():
			if !ok {
				return
			}
		}
		e.attend(e.life)
		e.lookForEnds(e.life)
		e.work.notify()
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
	w, busy := e.worker, len(e.live) > 0
	e.mu.Unlock()
	if w == nil || !busy {
		return
	}
	wants, err := e.store.Wants(ctx, w.id)
	if err != nil {
		if ctx.Err() == nil {
			e.log.Warn("looking for requests", "error", err)
		}
		return
	}
	for _, want := range wants {
		e.mu.Lock()
		x := e.live[want.Run]
		e.mu.Unlock()
		if x != nil {
			x.want(want.Want)
		}
	}
}

// Watch returns a channel that ticks whenever anything in the file may have changed, and is closed
// when ctx or the engine ends. Ticks that nobody takes are merged into one.
func (e *Engine) Watch(ctx context.Context) <-chan struct{} {
	ticks := make(chan struct{}, 1) // closed by the goroutine below
	if err := e.listen(); err != nil {
		e.log.Warn("following by polling alone", "error", err)
	}
	e.tasks.Go(func() {
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
	})
	return ticks
}
