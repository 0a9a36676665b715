// Package subjecttest checks that a subject does what the workloads take for granted, with figures that are too small to
// measure anything.
package subjecttest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durable-wf/wf/bench/subject"
	"github.com/durable-wf/wf/bench/workload"
)

const patience = 30 * time.Second

// Check opens each subject in a folder of its own and has it do a little of everything that it can. durability matches what
// each says about its connection, by its key. A subject without its server is skipped, but not in CI.
func Check(t *testing.T, subjects []subject.Subject, durability map[string]string) {
	t.Helper()
	for _, s := range subjects {
		t.Run(s.Key, func(t *testing.T) {
			t.Parallel()
			c := &check{ctx: t.Context()}
			sys, err := s.Open(t.Context(), subject.Options{Dir: t.TempDir(), InFlight: 4, Step: c.step})
			if errors.Is(err, workload.ErrUnable) && os.Getenv("CI") != "true" {
				t.Skipf("%v; .ci/peers installs it", err)
			}
			if err != nil {
				t.Fatalf("Open: %v", err)
			}
			c.sys = sys
			want := regexp.MustCompile("^" + durability[s.Key] + "$")
			if got, err := sys.Durability(t.Context()); err != nil || !want.MatchString(got) {
				t.Errorf("Durability() = %q, %v, want %v", got, err, want)
			}
			for _, part := range []func() error{c.run, c.signal, c.spawn, c.sleep, c.prune} {
				if err := part(); err != nil {
					t.Error(err)
				}
			}
			if err := sys.Close(context.WithoutCancel(t.Context())); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
}

// check is a subject that is being checked.
type check struct {
	ctx   context.Context //nolint:containedctx // that of the test
	sys   subject.System
	steps atomic.Int64 // how many have been executed
	runs  int          // how many are completed, children aside
}

func (c *check) step(_ context.Context, _ string, i int) (int64, error) {
	c.steps.Add(1)
	return int64(i + 1), nil
}

// run checks that all steps of a run are executed, once, and that it counts when it is completed.
func (c *check) run() error {
	r, err := c.sys.Start(c.ctx, "run", subject.Shape{Steps: 3})
	if err := c.wait("a run of 3 steps", r, err, 6); err != nil {
		return err
	}
	if got := c.steps.Load(); got != 3 {
		return fmt.Errorf("a run of 3 steps executed %d", got)
	}
	return c.completed(1)
}

func (c *check) signal() error {
	s, ok := c.sys.(subject.Signaller)
	if !ok {
		return nil
	}
	before := c.steps.Load()
	r, err := s.Await(c.ctx, "signalled")
	if err != nil {
		return within("await", err)
	}
	if got := c.steps.Load() - before; got != 0 {
		return fmt.Errorf("a run that waits for a signal has executed %d steps without it", got)
	}
	return c.wait("a run that was signalled", r, s.Signal(c.ctx, r), 1)
}

func (c *check) spawn() error {
	s, ok := c.sys.(subject.Spawner)
	if !ok {
		return nil
	}
	r, err := s.Spawn(c.ctx, "parent", 3)
	return c.wait("a run with 3 children", r, err, 3)
}

// sleep checks that runs sleep until they are due, and not longer than patience.
func (c *check) sleep() error {
	s, ok := c.sys.(subject.Sleeper)
	if !ok {
		return nil
	}
	const n = 2
	before, due := c.steps.Load(), time.Now().Add(time.Second)
	id := func(i int) string { return fmt.Sprintf("sleeper-%d", i) }
	if err := s.Sleep(c.ctx, n, id, func(int) time.Time { return due }); err != nil {
		return within("sleep", err)
	}
	for c.steps.Load() < before+n {
		if time.Since(due) > patience {
			return fmt.Errorf("%d of %d runs woke up within %v", c.steps.Load()-before, n, patience)
		}
		time.Sleep(time.Millisecond)
	}
	if early := time.Until(due); early > 0 {
		return fmt.Errorf("%d runs woke up %v early", n, early)
	}
	c.runs += n
	return nil
}

// prune checks that nothing of what has ended is left.
func (c *check) prune() error {
	p, ok := c.sys.(subject.Pruner)
	if !ok {
		return nil
	}
	if err := c.completed(c.runs); err != nil { // the sleepers have executed their step, at least
		return err
	}
	for begun := time.Now(); ; time.Sleep(time.Millisecond) {
		if err := p.Prune(c.ctx); err != nil {
			return within("prune", err)
		}
		counter, ok := c.sys.(subject.Counter)
		if !ok {
			return nil
		}
		got, err := counter.Completed(c.ctx) // the last ones may have completed since: then it is done again
		if err == nil && got != 0 && time.Since(begun) > patience {
			err = fmt.Errorf("%d runs are left, want none", got)
		}
		if err != nil || got == 0 {
			return within("prune", err)
		}
	}
}

// wait waits for a run that was started, and for what its steps add up to.
func (c *check) wait(what string, r subject.Run, err error, want int64) error {
	if err != nil {
		return within(what, err)
	}
	ctx, cancel := context.WithTimeout(c.ctx, patience)
	defer cancel()
	got, err := r.Wait(ctx)
	if err == nil && got != want {
		err = fmt.Errorf("its steps add up to %d, want %d", got, want)
	}
	c.runs++
	return within(what, err)
}

// completed waits until at least so many runs are.
func (c *check) completed(want int) error {
	counter, ok := c.sys.(subject.Counter)
	if !ok {
		return nil
	}
	for begun := time.Now(); ; time.Sleep(time.Millisecond) {
		got, err := counter.Completed(c.ctx)
		if err == nil && got < want && time.Since(begun) > patience {
			err = fmt.Errorf("%d runs are completed after %v, want at least %d", got, patience, want)
		}
		if err != nil || got >= want {
			return within("completed runs", err)
		}
	}
}

// within says where an error comes from, if there is one.
func within(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
