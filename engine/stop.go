package engine

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// ErrTimeLimit is the cause of a step's cancelled context when its process has to end soon, see
// [Config.StopAt]. It is an ErrShutdown.
var ErrTimeLimit error = &stopError{"the time limit"}

// StopBy makes the cause of an orderly stop for a context that is given to Serve or Execute, so that the run's
// history tells what wanted it: a signal's name, say. It is an ErrShutdown.
func StopBy(what string) error { return &stopError{what} }

type stopError struct{ what string }

func (e *stopError) Error() string { return ErrShutdown.Error() + ": " + e.what }
func (e *stopError) Unwrap() error { return ErrShutdown }

// Stop is how a run was stopped in order the last time.
type Stop struct {
	Cause string        `json:"cause"`   // what wanted it: SIGTERM, the time limit, a pause, …
	At    time.Time     `json:"at"`      // when it was told
	Took  time.Duration `json:"took_ns"` // from then until its newest checkpoint was durable
	Saved bool          `json:"saved"`   // nothing is lost; else it goes on from the checkpoint before it was told
}

// shutdownCause is why a context that was given to Serve or Execute has ended.
func shutdownCause(ctx context.Context) error {
	if cause := context.Cause(ctx); errors.Is(cause, ErrShutdown) {
		return cause
	}
	return ErrShutdown
}

// stopping notes how an execution is being stopped.
type stopping struct {
	told  atomic.Pointer[time.Time] // when it was told to stop; nil before
	saved atomic.Bool               // it has saved since, or was not in a step
}

// tell notes that the execution is told to stop. The first time counts.
func (s *stopping) tell() {
	now := time.Now()
	s.told.CompareAndSwap(nil, &now)
}

// note notes a checkpoint, made now.
func (s *stopping) note() {
	if s.told.Load() != nil {
		s.saved.Store(true)
	}
}

// stop says how the execution was stopped, now that all is durable; nil if it was not told to.
func (s *stopping) stop(cause error) *Stop {
	told := s.told.Load()
	if told == nil {
		return nil
	}
	return &Stop{Cause: stopWord(cause), At: told.UTC(), Took: time.Since(*told), Saved: s.saved.Load()}
}

// stopWord names the cause of a stop.
func stopWord(cause error) string {
	if by, ok := errors.AsType[*stopError](cause); ok {
		return by.what
	}
	switch {
	case errors.Is(cause, ErrPaused):
		return "a pause"
	case errors.Is(cause, ErrCancelled):
		return "a cancel"
	}
	return "a shutdown"
}
