package clock

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// lookAgain is after what real time the engines are asked again although nothing has been heard of them: they
// may be in other processes.
const lookAgain = 20 * time.Millisecond

// Quiet is how an engine tells whether it has nothing to do at a time, and when it will have; the zero time
// stands for never. Busy says what it does, for people.
type Quiet func(ctx context.Context, now time.Time) (busy string, next time.Time, err error)

// engine is one that goes by the clock.
type engine struct{ quiet Quiet }

// Attach makes Run, Advance and Settle ask an engine. The function that it returns ends that.
func (c *Clock) Attach(q Quiet) (detach func()) {
	if c == nil {
		return func() {}
	}
	e := &engine{q}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.engines[e] = true
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.engines, e)
		c.move()
	}
}

// look is what the engines say at one moment.
type look struct {
	busy  string        // what one of them does; "" if none does anything
	next  time.Time     // when something is due; zero for never
	moves int64         // of the clock, at that moment
	moved chan struct{} // closed when something has changed since
}

// look asks all engines. Nothing of it counts if still says that something has happened meanwhile.
func (c *Clock) look(ctx context.Context) (look, error) {
	c.mu.Lock()
	if c.moved == nil {
		c.moved = make(chan struct{})
	}
	l := look{moves: c.moves, moved: c.moved}
	now := c.now
	if c.working > 0 {
		l.busy = "writing" // what the engines say may be half of this and half of what comes after it
	}
	var engines []*engine
	for e := range c.engines {
		engines = append(engines, e)
	}
	for t := range c.timers {
		if t.rang {
			l.busy = "waking up" // its owner has not taken note of it yet
		}
		l.earlier(t.at)
	}
	c.mu.Unlock()
	for _, e := range engines {
		busy, next, err := e.quiet(ctx, now)
		if err != nil {
			return l, err
		}
		if busy != "" {
			l.busy = busy
		}
		l.earlier(next)
	}
	return l, nil
}

func (l *look) earlier(t time.Time) {
	if !t.IsZero() && (l.next.IsZero() || t.Before(l.next)) {
		l.next = t
	}
}

// Idle is told, before time passes, that nothing is left to do at the present time, and when something will be
// due (the zero time stands for never). It returns whether it has found something to do itself.
type Idle func(next time.Time) (acted bool)

// Run lets time pass until ctx ends: whenever somebody waits and the engines have nothing to do before
// something is due, it is that time. idle may be nil.
func (c *Clock) Run(ctx context.Context, idle Idle) {
	for ctx.Err() == nil {
		l, err := c.look(ctx)
		if err == nil && l.busy == "" && c.still(l, true) && !l.acted(idle) && !l.next.IsZero() {
			c.setIf(l, l.next)
		}
		l.wait(ctx)
	}
}

func (l *look) acted(idle Idle) bool { return idle != nil && idle(l.next) }

// still reports whether nothing has happened since a look, and, if that matters, whether somebody waits.
func (c *Clock) still(l look, awaited bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.moves == l.moves && (!awaited || c.waiting > 0)
}

// setIf sets the clock unless anything has happened since a look.
func (c *Clock) setIf(l look, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.moves == l.moves && now.After(c.now) {
		c.set(now)
	}
}

// wait waits until something has changed since the look.
func (l *look) wait(ctx context.Context) {
	again := time.NewTimer(lookAgain)
	defer again.Stop()
	select {
	case <-l.moved:
	case <-again.C:
	case <-ctx.Done():
	}
}

// Settle waits, in real time, until nothing is left to do at the present time. idle may be nil.
func (c *Clock) Settle(ctx context.Context, idle Idle) error {
	_, err := c.settle(ctx, idle)
	return err
}

func (c *Clock) settle(ctx context.Context, idle Idle) (look, error) {
	for {
		l, err := c.look(ctx)
		switch {
		case ctx.Err() != nil:
			return l, fmt.Errorf("%w while the engine was %s", context.Cause(ctx), cmp.Or(l.busy, "busy"))
		case err != nil:
			return l, err
		case l.busy == "" && c.still(l, false) && !l.acted(idle):
			return l, nil
		}
		l.wait(ctx)
	}
}

// Advance lets so much time pass. It stops at every time at which something is due, and goes on when that is
// done; at last it settles. idle may be nil.
func (c *Clock) Advance(ctx context.Context, d time.Duration, idle Idle) error {
	end := c.Now().Add(d)
	for {
		l, err := c.settle(ctx, idle)
		if err != nil {
			return err
		}
		if now := c.Now(); !now.Before(end) {
			return nil
		}
		if l.next.IsZero() || l.next.After(end) {
			l.next = end
		}
		c.setIf(l, l.next)
	}
}
