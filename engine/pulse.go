package engine

import (
	"sync"
	"time"
)

// pulse does something at once when it is asked to, and not again for the time of hearing: then once for all who have
// asked meanwhile. The zero value is ready.
type pulse struct {
	mu    sync.Mutex
	last  time.Time   // guarded by mu
	timer *time.Timer // guarded by mu: until it is done for those who have asked meanwhile; nil for nobody
	fn    func()      // guarded by mu: what is to be done then
}

func (p *pulse) beat(fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil {
		return
	}
	if since := time.Since(p.last); since < hearing {
		p.fn = fn
		p.timer = time.AfterFunc(hearing-since, p.flush)
		return
	}
	p.last = time.Now()
	fn()
}

// flush does at once what waits to be done.
func (p *pulse) flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer == nil {
		return
	}
	p.timer.Stop()
	p.timer, p.last = nil, time.Now()
	p.fn()
}
