package engine

import (
	"context"
	"sync"
)

// reins is the context of one attempt, and what ends it: its host, who wants the step to stop; the attempt, of which
// nothing counts any more; or its end. Before the context ends the step's flag is raised, so that a step which sees the
// one sees that a save is due. It is safe for concurrent use.
type reins struct {
	context.Context
	cancel context.CancelCauseFunc

	mu    sync.Mutex // held from the flag to the end, so that no step is tied to them in between
	step  *Context   // guarded by mu: nil before it begins
	cause error      // guarded by mu: why the host wants the step to stop; nil if it does not
	over  bool       // guarded by mu: the attempt has ended; to stop it is too late
}

// begin makes them those of an attempt; values are of parent, which does not end them.
func (r *reins) begin(parent context.Context) { r.Context, r.cancel = context.WithCancelCause(parent) }

// tie gives them to the step.
func (r *reins) tie(step *Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.step, step.Context = step, r.Context
	if r.Err() != nil {
		step.flag.Or(flagStop)
	}
}

// stop tells the step that it has to stop, and reports whether it has not been told before, nor has ended.
func (r *reins) stop(cause error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over || r.cause != nil {
		return false
	}
	r.cause = cause
	r.end(cause)
	return true
}

// drop ends the context for a reason of the attempt's own.
func (r *reins) drop(cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.end(cause)
}

// finish ends the context with the attempt.
func (r *reins) finish() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
	r.end(ErrAttemptEnded)
}

// end ends the context, if nothing has before. The caller holds mu.
func (r *reins) end(cause error) {
	if r.step != nil {
		r.step.flag.Or(flagStop)
	}
	r.cancel(cause)
}

// told is why the host wants the step to stop; nil if it does not.
func (r *reins) told() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cause
}

// follow returns the reins of an attempt that its host stops by ending parent: they are parent itself, or follow it until
// unwatch is called. heed lets them do so at once.
func follow(parent context.Context) (r *reins, heed func(), unwatch func() bool) {
	if r, ok := parent.(*reins); ok {
		return r, func() {}, func() bool { return true }
	}
	r = &reins{}
	r.begin(context.WithoutCancel(parent))
	heed = func() {
		if parent.Err() != nil {
			r.stop(context.Cause(parent))
		}
	}
	heed()
	return r, heed, context.AfterFunc(parent, heed)
}
