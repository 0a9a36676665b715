package engine

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// DoOption is an extra of a recorded call: see [CallRetry] and [CallTimeout].
type DoOption func(*callPolicy)

// callPolicy says how a call is made.
type callPolicy struct {
	retry   Retry
	timeout time.Duration
}

// CallRetry repeats a failed call within the attempt of the step, as the policy says: its Attempts are tries
// of the call, the first one included. An error marked with [Permanent], or that Retry.If refuses, ends the
// tries, and so does a run that has to stop; what If refuses here the step's own policy may still repeat. The tries are not stored: an attempt that dies with its process
// is followed by one that begins to count again. For pauses longer than some seconds let the step fail, and
// be retried by its own policy, whose counter and times are durable.
func CallRetry(r Retry) DoOption { return func(p *callPolicy) { p.retry = r } }

// CallTimeout bounds each try of a call: then its context is cancelled with [ErrCallTimeout], which the
// error names. A call that does not heed its context is not interrupted. 0 means no bound.
func CallTimeout(d time.Duration) DoOption { return func(p *callPolicy) { p.timeout = d } }

// options puts the options of a call together.
func (c *call) options(opts []DoOption) (callPolicy, error) {
	var p callPolicy
	for _, opt := range opts {
		if opt != nil {
			opt(&p)
		}
	}
	faults := p.retry.faults()
	if p.timeout < 0 {
		faults = append(faults, fmt.Errorf("timeout %v must not be negative", p.timeout))
	}
	if len(faults) > 0 {
		return p, Permanent(c.failed(errors.Join(faults...)))
	}
	return p, nil
}

// try makes a call until it has succeeded or the policy is at its end.
func try[T any](c *call, p callPolicy, fn func(context.Context) (T, error)) (T, error) {
	for {
		c.tries++
		v, err := tryOnce(c, p, fn)
		if err == nil {
			return v, nil
		}
		again, fault := p.again(err)
		if fault != nil {
			return v, c.failed(Permanent(fmt.Errorf("%w (and Retry.If: %w)", err, fault)))
		}
		if !again || p.retry.exhausted(int64(c.tries)) {
			return v, c.exhausted(err)
		}
		pause := p.retry.pause(int64(c.tries))
		c.log().WarnContext(c.ctx.Context, "retry of a call", "call", c.name, "pause", pause, "error", err)
		c.pause(pause)
		if stop := c.mayCall(); stop != nil {
			return v, stop
		}
		c.beat()
	}
}

// again reports whether a call that has failed with err may be tried again; fault is a panic of Retry.If.
func (p callPolicy) again(err error) (ok bool, fault error) {
	defer caught(&fault)
	return !isPermanent(err) && (p.retry.If == nil || p.retry.If(err)), nil
}

// tryOnce makes a call once.
func tryOnce[T any](c *call, p callPolicy, fn func(context.Context) (T, error)) (T, error) {
	ctx := c.context(c.ctx.Context)
	if p.timeout == 0 {
		return protect(ctx, fn)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, p.timeout, ErrCallTimeout)
	defer cancel()
	v, err := protect(ctx, fn)
	if err != nil && errors.Is(context.Cause(ctx), ErrCallTimeout) && !errors.Is(err, ErrCallTimeout) {
		err = fmt.Errorf("%w after %v: %w", ErrCallTimeout, p.timeout, err)
	}
	return v, err
}

// exhausted is the error of a call that is not tried again.
func (c *call) exhausted(err error) error {
	if c.tries > 1 {
		err = fmt.Errorf("try %d: %w", c.tries, err)
	}
	return c.failed(err)
}

// pause waits, but not longer than the run may go on.
func (c *call) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.ctx.Done():
	}
}
