// Package fault lets an engine die at a chosen commit, as its process would under kill -9: nothing that was
// not committed is left, nobody is told of what was, nothing more is written, and its locks are free. It is
// for tests, which run everything up to that moment, and everything after it, in one process.
package fault

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
)

// ErrDead is why a dead engine writes nothing.
var ErrDead = errors.New("the process has died (as its test wants)")

// Moment says on which side of a commit an engine dies.
type Moment uint8

// The moments.
const (
	BeforeCommit Moment = iota // the transaction is complete, and is rolled back
	AfterCommit                // it is durable, and nobody has been told
)

// Cut is the death of one engine. The nil *Cut never comes. It is safe for concurrent use.
type Cut struct {
	at      int64
	moment  Moment
	commits atomic.Int64
	once    sync.Once
	dead    chan struct{} // closed at the death

	mu    sync.Mutex
	calls map[string]int // guarded by mu: how often each recorded call was made
}

// At returns a death at the commit with this number, counted from 1 since the engine was opened. 0 never comes.
func At(commit int64, moment Moment) *Cut {
	return &Cut{at: commit, moment: moment, dead: make(chan struct{}), calls: map[string]int{}}
}

// Again returns the death of another engine, on the same side of the commit with this number.
func (c *Cut) Again(commit int64) *Cut { return At(commit, c.moment) }

// Before is called when everything of a transaction has been done but its commit. An error forbids that.
func (c *Cut) Before() error {
	if c == nil {
		return nil
	}
	if c.commits.Add(1) == c.at && c.moment == BeforeCommit {
		c.Die()
	}
	return c.Err()
}

// After is called when a transaction is durable. An error forbids to tell anybody.
func (c *Cut) After() error {
	if c == nil {
		return nil
	}
	if c.commits.Load() == c.at && c.moment == AfterCommit {
		c.Die()
	}
	return c.Err()
}

// Die lets the engine die now, between two commits.
func (c *Cut) Die() { c.once.Do(func() { close(c.dead) }) }

// Err returns ErrDead after the death.
func (c *Cut) Err() error {
	if c == nil {
		return nil
	}
	select {
	case <-c.dead:
		return ErrDead
	default:
		return nil
	}
}

// Dead is closed at the death; nil, which never is, for a nil Cut.
func (c *Cut) Dead() <-chan struct{} {
	if c == nil {
		return nil
	}
	return c.dead
}

// Commits counts the transactions that came to their commit.
func (c *Cut) Commits() int64 { return c.commits.Load() }

// Called notes that a recorded call is made.
func (c *Cut) Called(key string) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[key]++
}

// Calls returns how often each recorded call was made so far, by its key.
func (c *Cut) Calls() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.calls)
}

type key struct{}

// With returns a context from which an engine that is opened with it takes its death.
func With(ctx context.Context, c *Cut) context.Context { return context.WithValue(ctx, key{}, c) }

// From returns the death of a context; nil unless With has set one.
func From(ctx context.Context) *Cut {
	c, _ := ctx.Value(key{}).(*Cut)
	return c
}
