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
// for systems that can tell a repetition. Errors are not recorded.
//
// Records are found by name and occurrence, so inserting a call shifts nothing. Calls that run at the
// same time need distinct names. A checkpoint within the step takes the records before it along, so a
// step that saves must tell from its state which of its calls are behind it. Once the run has to stop,
// Do returns the cause without calling, and what the step saves or returns after that does not count.
func Do[T any](ctx *Context, name string, fn func(context.Context) (T, error)) (T, error) {
	var zero T
	a := ctx.attempt
	if a == nil || a.ended.Load() {
		return zero, ErrAttemptEnded
	}
	n, err := a.openCall(name)
	if err != nil {
		return zero, err
	}
	defer a.closeCall(name)
	if rec, ok, err := a.host.Recorded(name, n); err != nil {
		return zero, fmt.Errorf("call %q: %w", name, err)
	} else if ok {
		return replay[T](a, rec)
	}
	if err := a.mayCall(); err != nil {
		return zero, err
	}
	begun := time.Now()
	v, err := protect(a.callContext(name, n), fn)
	if err != nil {
		_ = a.mayCall() // it may have failed because the run has to stop: then it is no answer
		return zero, fmt.Errorf("call %q: %w", name, err)
	}
	return v, a.record(name, n, v, time.Since(begun))
}

// Exec is Do for a call that has no result but its success.
func Exec(ctx *Context, name string, fn func(context.Context) error) error {
	_, err := Do(ctx, name, func(ctx context.Context) (struct{}, error) { return struct{}{}, fn(ctx) })
	return err
}

// CallKey returns the stable key of the recorded call that ctx was given to: the same in every
// attempt, different for every other call of every run. It is "" outside a recorded call.
func CallKey(ctx context.Context) string {
	key, _ := ctx.Value(callKey{}).(string)
	return key
}

type callKey struct{}

func (a *attempt) callContext(name string, n int64) context.Context {
	r := a.visit.Ref
	return context.WithValue(a.ctx.Context, callKey{}, fmt.Sprintf("%s/%d/%s/%d", r.UUID, r.Visit, name, n))
}

// openCall returns the occurrence of a call that begins.
func (a *attempt) openCall(name string) (int64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open[name] {
		return 0, Permanent(fmt.Errorf("two calls %q at the same time: concurrent calls need distinct names", name))
	}
	a.open[name] = true
	a.calls.Add(1)
	return a.counters[name], nil
}

func (a *attempt) closeCall(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.open, name)
	a.calls.Add(-1)
}

// finished counts a call that is recorded.
func (a *attempt) finished(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.counters[name]++
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

// record commits the result of a call. What was saved before it is submitted first: a checkpoint
// deletes the records that its counters cover, and must not meet a later one.
func (a *attempt) record(name string, n int64, v any, took time.Duration) error {
	value, err := codec.Encode(a.format, v)
	if err != nil {
		return Permanent(fmt.Errorf("call %q: result: %w", name, err))
	}
	committed := make(chan error, 1)
	rec := Record{Name: name, N: n, Value: value, Random: a.randomState(), Took: took}
	if err := a.submit(rec, func(err error) { committed <- err }); err != nil {
		return err
	}
	if err := <-committed; err != nil {
		return a.refuse(err)
	}
	a.finished(name)
	return nil
}

// submit hands a record to the host, unless nothing of this attempt counts any more.
func (a *attempt) submit(rec Record, done func(error)) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.ended.Load():
		return ErrAttemptEnded
	case a.refused != nil:
		return a.refused
	}
	a.saver.push()
	a.host.Record(rec, done)
	return nil
}

// replay returns a recorded value and sets the generator to where it was then.
func replay[T any](a *attempt, rec Record) (T, error) {
	var v T
	if err := codec.Decode(rec.Value, &v); err != nil {
		return v, blocked(fmt.Errorf("call %q: recorded result: %w", rec.Name, err))
	}
	if err := a.restore(rec.Random); err != nil {
		return v, fmt.Errorf("call %q: %w", rec.Name, err)
	}
	a.finished(rec.Name)
	return v, nil
}

// protect calls fn and turns a panic into an error.
func protect[T any](ctx context.Context, fn func(context.Context) (T, error)) (v T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: string(debug.Stack())}
		}
	}()
	return fn(ctx)
}
