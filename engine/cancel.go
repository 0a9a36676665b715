package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// CancelOptions say how a run is cancelled. nil means with no reason and Config.Grace.
type CancelOptions struct {
	Reason string // for the history
	// Grace is how long a step that executes may take to stop, from when its process hears of it. After
	// that it is given up, whatever it does: the run is cancelled, and what the step still submits is
	// refused. 0 means that process's Config.Grace.
	Grace time.Duration
	Force bool // no grace at all
}

// Cancel ends a run for good, with a reason for the history. A run that a living process executes is
// asked to stop: its step's context is cancelled with ErrCancelled, and it saves a last time; the
// returned Run then has Want "cancel", and Wait tells when it has ended. A step that does not heed its
// context is given up after Config.Grace, see [Engine.CancelWith]. Cancel returns a *TransitionError if the
// run has completed or failed; cancelling a cancelled run changes nothing.
//
// A run that has done what can be undone (see Step.Undo) becomes Compensating first, and Cancelled after
// that. To cancel one that undoes its steps already changes nothing: Run.Ending says how it ends.
func (e *Engine) Cancel(ctx context.Context, id int64, reason string) (Run, error) {
	return e.CancelWith(ctx, id, &CancelOptions{Reason: reason})
}

// CancelWith is Cancel with a say in how long a step may take to stop. A later call, with another grace or
// with Force, overrides an earlier one that the step has not yet heeded. Code of a step that was given up
// may run on in its process until it returns; nothing of it reaches the run.
func (e *Engine) CancelWith(ctx context.Context, id int64, opts *CancelOptions) (Run, error) {
	if opts == nil {
		opts = &CancelOptions{}
	}
	pairs := []any{"by", e.actor, "reason", opts.Reason}
	switch {
	case opts.Grace < 0:
		return Run{}, fmt.Errorf("run %d: grace %v must not be negative", id, opts.Grace)
	case opts.Force && opts.Grace > 0:
		return Run{}, fmt.Errorf("run %d: %w", id, errForceGrace)
	case opts.Force || opts.Grace > 0:
		pairs = append(pairs, graceName, opts.Grace.Microseconds())
	}
	return e.steer(ctx, id, Cancelled, "cancel", detail(pairs...))
}

var errForceGrace = errors.New("to force a cancel is to give it no grace: choose one")

const graceName = "grace_us" // in what a person has said

// graceOf reads the grace out of what a person who cancels a run has said.
func graceOf(said string, usual time.Duration) time.Duration {
	var d struct {
		Grace *int64 `json:"grace_us"`
	}
	if json.Unmarshal([]byte(said), &d) != nil || d.Grace == nil {
		return usual
	}
	return microseconds(*d.Grace)
}
