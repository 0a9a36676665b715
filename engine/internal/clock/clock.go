// Package clock tells the wall time by which runs are due. A program goes by the real clock; a test may go by
// one that it moves, so that a sleep of a month takes as long as it takes to wake up from it.
package clock

import (
	"context"
	"sync"
	"time"
)

// recheck is after what time a timer of the real clock ends in any case, so that its owner looks at the wall
// clock again: it may have jumped.
const recheck = time.Second

// Clock tells the wall time. The nil *Clock is the real one, and costs what package time costs; New makes one
// that stands still until it is set. It is safe for concurrent use.
type Clock struct {
	mu      sync.Mutex // guards what follows
	now     time.Time
	timers  map[*timer]bool
	engines map[*engine]bool
	working int           // transactions under way
	waiting int           // callers that can do nothing but wait for what the engines do
	moves   int64         // counts whatever may have changed what the engines have to do
	moved   chan struct{} // closed by the next such move; nil while nobody waits for it
}

// timer is one who waits for a time.
type timer struct {
	at   time.Time
	ring chan time.Time // capacity 1
	rang bool
}

// New returns a clock that stands at a time.
func New(at time.Time) *Clock {
	return &Clock{now: at.UTC(), timers: map[*timer]bool{}, engines: map[*engine]bool{}}
}

// Now returns the time.
func (c *Clock) Now() time.Time {
	if c == nil {
		return time.Now()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// NowUS is Now in microseconds since 1970.
func (c *Clock) NowUS() int64 { return c.Now().UnixMicro() }

// Timer returns a channel that receives when a time has come, and what gives it back, which must be called. On
// the real clock it receives within a second in any case: look at Now again then.
func (c *Clock) Timer(at time.Time) (ring <-chan time.Time, stop func()) {
	if c == nil {
		t := time.NewTimer(min(max(0, time.Until(at)), recheck))
		return t.C, func() { t.Stop() }
	}
	t := &timer{at: at, ring: make(chan time.Time, 1)}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timers[t] = true
	t.due(c.now)
	return t.ring, func() { c.stop(t) }
}

func (c *Clock) stop(t *timer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.timers, t)
	c.move()
}

// due rings if the time has come.
func (t *timer) due(now time.Time) {
	if !t.rang && !now.Before(t.at) {
		t.rang = true
		t.ring <- now
	}
}

// Set sets a clock that is not the real one, and rings the timers whose time has come.
func (c *Clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(now)
}

func (c *Clock) set(now time.Time) {
	c.now = now.UTC()
	for t := range c.timers {
		t.due(now)
	}
	c.move()
}

// Wait says that its caller can do nothing until the engines have done something: Run lets time pass only
// while somebody waits. The function that it returns ends that; calling it again does nothing.
func (c *Clock) Wait() (over func()) {
	if c == nil {
		return func() {}
	}
	c.count(1)
	return sync.OnceFunc(func() { c.count(-1) })
}

func (c *Clock) count(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting += n
	c.move()
}

// Work says that a transaction is under way, until the function that it returns is called: no time passes
// meanwhile, and what the engines have to do may be different afterwards.
func (c *Clock) Work() (done func()) {
	if c == nil {
		return idle
	}
	c.work(1)
	return func() { c.work(-1) }
}

func idle() {}

func (c *Clock) work(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.working += n
	c.move()
}

// Moved says that an engine may have more or less to do than before.
func (c *Clock) Moved() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.move()
}

func (c *Clock) move() {
	c.moves++
	if c.moved != nil {
		close(c.moved)
		c.moved = nil
	}
}

type key struct{}

// With returns a context from which an engine that is opened with it takes its clock.
func With(ctx context.Context, c *Clock) context.Context { return context.WithValue(ctx, key{}, c) }

// From returns the clock of a context: the real one unless With has set another.
func From(ctx context.Context) *Clock {
	c, _ := ctx.Value(key{}).(*Clock)
	return c
}
