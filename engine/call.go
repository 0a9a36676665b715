package engine

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/durable-wf/wf/engine/internal/codec"
)

// Do makes a call to the outside and records its result, so that the call is not made again once the
// record is committed: a later attempt of the same step visit gets the recorded value. A call whose
// record was not yet committed when its process died is made again; [CallKey] gives it a stable key
// for systems that can tell a repetition. Errors are not recorded. A panic of fn is a *PanicError.
//
// Records are found by name and occurrence, so inserting a call shifts nothing. Calls that run at the
// same time need distinct names. A checkpoint within the step takes the records before it along, so a
// step that saves must tell from its state which of its calls are behind it. Once the run has to stop,
// Do returns the cause without calling, and what the step saves or returns after that does not count.
//
// A failed call fails with its error; [CallRetry] and [CallTimeout] repeat and bound it.
func Do[T any](ctx *Context, name string, fn func(context.Context) (T, error), opts ...DoOption) (T, error) {
	var zero T
	c, err := openCall(ctx, name)
	if err != nil {
		return zero, err
	}
	defer c.close()
	policy, err := c.options(opts)
	if err != nil {
		return zero, err
	}
	if v, ok, err := recorded[T](c); ok || err != nil {
		return v, err
	}
	begun := time.Now()
	v, err := try(c, policy, fn)
	if err != nil {
		_ = c.mayCall() // it may have failed because the run has to stop: then it is no answer
		return zero, err
	}
	return v, c.record(v, time.Since(begun))
}

// Exec is Do for a call that has no result but its success.
func Exec(ctx *Context, name string, fn func(context.Context) error, opts ...DoOption) error {
	_, err := Do(ctx, name, func(ctx context.Context) (struct{}, error) { return struct{}{}, fn(ctx) }, opts...)
	return err
}

// CallKey returns the stable key of the recorded call that ctx was given to: the same in every
// attempt, and in every try within it, different for every other call of every run. It is "" outside a
// recorded call.
func CallKey(ctx context.Context) string {
	key, _ := ctx.Value(callKey{}).(string)
	return key
}

type callKey struct{}

// call is a recorded call under way.
type call struct {
	*attempt
	name  string
	n     int64 // occurrence of the name in the visit, from 0
	tries int
}

// openCall begins a call; close ends it.
func openCall(ctx *Context, name string) (*call, error) {
	a := ctx.attempt
	if a == nil || a.ended.Load() {
		return nil, ErrAttemptEnded
	}
	name, err := a.callName(name)
	if err != nil {
		return nil, err
	}
	a.beat()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open[name] {
		return nil, Permanent(fmt.Errorf("two calls %q at the same time: concurrent calls need distinct names", name))
	}
	if a.open == nil {
		a.open = map[string]bool{}
	}
	a.open[name] = true
	a.calls.Add(1)
	return &call{attempt: a, name: name, n: a.counters[name]}, nil
}

func (c *call) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, c.name)
	c.calls.Add(-1)
}

// finished counts a call that is recorded.
func (c *call) finished() {
	c.beat()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counters == nil {
		c.counters = map[string]int64{}
	}
	c.counters[c.name]++
}

// failed says in which call an error came up.
func (c *call) failed(err error) error { return fmt.Errorf("call %q: %w", c.name, err) }

// context returns ctx for one try of the call.
func (c *call) context(ctx context.Context) context.Context {
	r := c.where
	key := fmt.Sprintf("%s/%d/%s/%d", r.UUID, r.Visit, c.name, c.n)
	if h, ok := c.host.(interface{ calling(key string) }); ok {
		h.calling(key)
	}
	return context.WithValue(ctx, callKey{}, key)
}

// recorded returns the value of a call that an earlier attempt has made, and sets the generator to where
// it was then. If there is none, its error says why the call must not be made.
func recorded[T any](c *call) (v T, ok bool, err error) {
	rec, ok, err := c.host.Recorded(c.name, c.n)
	switch {
	case err != nil:
		return v, false, c.failed(err)
	case !ok:
		return v, false, c.mayCall()
	}
	if err := codec.Decode(rec.Value, &v); err != nil {
		return v, true, blocked(c.failed(fmt.Errorf("recorded result: %w", err)))
	}
	if err := c.restore(rec.Random); err != nil {
		return v, true, c.failed(err)
	}
	c.finished()
	return v, true, nil
}

// mayCall reports why nothing must be called any more. From then on nothing of the attempt counts: what
// a careless step makes of the error would be progress that was never made.
func (a *attempt) mayCall() error {
	if err := a.refusal(); err != nil {
		return err
	}
	cause := a.stopCause()
	switch {
	case cause == nil:
		return nil
	case lost(cause):
		return a.refuse(cause)
	}
	_ = a.refuse(ErrStopped)
	return cause
}

// protect calls fn and turns a panic into an error.
func protect[T any](ctx context.Context, fn func(context.Context) (T, error)) (v T, err error) {
	defer caught(&err)
	return fn(ctx)
}

// caught, when deferred, turns a panic into an error.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = &PanicError{Value: p, Stack: string(debug.Stack())}
	}
}
