package engine

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// Context is what a step gets from the engine. It is the step's context.Context: cancelled, with a
// cause, on shutdown, pause, cancel and loss of the lease. After the step has returned, its methods
// return errors. Due, Save, Interval, Rand and Range belong on the step's
// goroutine; the rest is safe for
// concurrent use.
type Context struct {
	context.Context
	flag    atomic.Uint32 // why a save may be due; 0 almost always
	counted int64         // calls of Due since the last save, while flag is not 0
	every   int64         // the count that makes a save due; out of reach without such a policy
	attempt *attempt
}

// The bits of Context.flag.
const (
	flagClock uint32 = 1 << iota // the interval has passed
	flagCount                    // a policy counts the calls
	flagStop                     // the step must stop
)

// Due reports whether it is time to save. It costs one load while it is not, so a loop may ask in
// every iteration; it is also true when the step has to stop, so that the last save loses nothing.
//
//	if ctx.Due() {
//		if err := ctx.Save(); err != nil {
//			return engine.Transition{}, err
//		}
//	}
func (c *Context) Due() bool { return c.flag.Load() != 0 && c.due() }

// due is inlined too: a call would make the loop around it spill its registers in every iteration.
func (c *Context) due() bool {
	c.counted++
	return c.counted >= c.every || c.flag.Load()&(flagClock|flagStop) != 0
}

// Save commits the state as it is now as a checkpoint within the step. Under a count policy it
// returns once the checkpoint is durable; on the clock it encodes the state and commits behind the
// step's back, the newest state winning, and an error shows at the next Save.
//
// Its error is ErrStopped when the run has to stop here: the state is safe. ErrLeaseLost and
// ErrStorage mean that it is not: the run will resume from the checkpoint before. Either way the
// step should return; what it returns then does not count.
func (c *Context) Save() error {
	if c.attempt == nil {
		return ErrAttemptEnded
	}
	return c.attempt.save()
}

// Interval is how long the checkpoint policy lets the clock run between two saves, as chosen now from what
// saves have cost so far; 0 when no save is due by the clock.
func (c *Context) Interval() time.Duration {
	if c.attempt == nil {
		return 0
	}
	return c.attempt.pace().Interval
}

// Deadline reports when the step has to have ended: the earliest of its Timeout, the run's deadline and the end
// of its process ([Config.StopAt]). The context ends by then, and before the last of these in time for a save.
func (c *Context) Deadline() (time.Time, bool) {
	if c.attempt == nil {
		return c.Context.Deadline()
	}
	until := c.attempt.until
	return until, !until.IsZero()
}

// Progress tells how far the step is, in units of its own choice. total is -1 if unknown. It is
// shown while the run executes here, and committed with the next checkpoint.
func (c *Context) Progress(done, total int64) {
	if c.attempt != nil {
		c.attempt.progress(done, total)
	}
}

// Rand returns the run's random generator. Its state is part of every checkpoint, so that an
// interrupted computation draws the same numbers as an uninterrupted one. It is a PCG seeded by
// StartOptions.Seed. Not for use inside a recorded call, whose result would not draw again.
func (c *Context) Rand() *rand.Rand {
	if c.attempt == nil {
		return rand.New(rand.NewPCG(0, 0))
	}
	return c.attempt.random()
}

// RandStream returns one of the run's further random generators, for parts of a computation that run in
// parallel: each part has a stream of its own, so that what it draws does not depend on how the others run.
// Streams are independent of each other and of Rand, and are seeded by StartOptions.Seed and their number,
// from 0 to 2^32-1. The same number is the same generator: it goes on where it was, and its state is part of
// every checkpoint (24 bytes for each stream that was used), so that an interrupted computation draws the
// same numbers as an uninterrupted one.
//
// A stream is not safe for concurrent use, and none may be drawn from while the step saves or makes a
// recorded call: join the parts first. To call RandStream itself is safe at any time.
func (c *Context) RandStream(i int) *rand.Rand {
	if c.attempt == nil {
		return newRandomStream(streamSource(0, uint32(max(i, 0)))).rng //nolint:gosec // any number will do
	}
	return c.attempt.stream(i)
}

// Log returns a logger that names run, workflow, step and attempt.
func (c *Context) Log() *slog.Logger {
	if c.attempt == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.attempt.log()
}

// Run names the run, the step and the attempt.
func (c *Context) Run() Ref {
	if c.attempt == nil {
		return Ref{}
	}
	return c.attempt.ref()
}

// Set says something about the run to search by, such as an order's number: an integer, a float, a
// string, a bool (0 or 1) or a time (microseconds). It is committed with the next checkpoint, and stays
// with the run when it has ended; nil deletes it. Another value, or an empty name, fails the step for good.
func (c *Context) Set(name string, value any) {
	if c.attempt != nil {
		c.attempt.set(name, value)
	}
}

// Metric appends a point to a series of the run, at the progress told last. It is committed with the next
// checkpoint, and dies with an attempt that does not reach it, so that no point is there twice.
func (c *Context) Metric(name string, value float64) {
	if c.attempt != nil {
		c.attempt.measure(name, value)
	}
}

// signal returns the signal that has led to this visit.
func (c *Context) signal() (Delivered, bool, error) {
	if c.attempt == nil || c.attempt.ended.Load() {
		return Delivered{}, false, ErrAttemptEnded
	}
	return c.attempt.host.Signal()
}
