package store

import (
	"context"
	"sync/atomic"
)

// The states of a request. A caller may withdraw it only while it is queued.
const (
	queued = iota
	taken
	withdrawn
)

// request is one thing to be written; exactly one of the first five fields is set.
type request struct {
	create *Create
	claim  *Claim
	change *Change
	update func(*Tx) error
	user   func(*UserTx) error

	paced bool            // with update: it deletes rows in pieces, and numbers none
	setup context.Context // with user: what ends it, instead of the limit

	done  func(error) // called once, from the writer
	state atomic.Int32

	files     []string // that its rows will name
	unwritten error    // why there is no such file

	asked *Change // as the change was given, when the writer had to adapt it

	// The outcome, valid once the batch is committed.
	err     error
	run     *Run  // of create; nil until the writer makes it
	wakes   bool  // of user
	runs    []Run // of claim
	again   bool  // of claim: it may have let others enter their queues behind itself
	settled bool  // err is final, whatever becomes of the batch
}

// restore takes back how the writer has adapted a change, before the change is tried again: what it was
// adapted to was rolled back, too.
func (r *request) restore() {
	if r.asked != nil {
		r.change.Row, r.change.History, r.change.Woken = r.asked.Row, r.asked.History, nil
	}
}

// made is the run of a create; without a number if there is none.
func (r *request) made() Run {
	if r.run == nil {
		return Run{}
	}
	return *r.run
}

// fail settles the request: it will not be tried again.
func (r *request) fail(err error) { r.err, r.settled = err, true }

// Submit hands c to the writer and returns at once. done is called once, by whoever has the pen, after the
// commit is durable or when c has failed; it must not block, and must not call the store but for Submit.
// Payloads over 1 MiB are written to files before c is queued, by neither the caller nor the writer. What c
// holds must not change before done is called.
func (s *Store) Submit(c *Change, done func(error)) {
	if s.writer == nil {
		done(ErrReadOnly)
		return
	}
	s.leave(&request{change: c, done: done})
}

// hand queues requests for the writer, at once as far as they have nothing to wait for. It reports whether the caller has
// got the pen: then he must hand it on, or lead.
func (s *Store) hand(reqs ...*request) (pen bool) {
	n := 0
	for n < len(reqs) && reqs[n].ahead() == nil && !reqs[n].large() {
		n++
	}
	if n > 0 {
		pen = s.writer.enqueue(reqs[:n]...)
	}
	for _, r := range reqs[n:] {
		s.prepare(r)
	}
	return pen
}

// leave queues requests for the writer's goroutine.
func (s *Store) leave(reqs ...*request) {
	if s.hand(reqs...) {
		s.writer.hand()
	}
}

// ahead returns what the request has to wait for before it may be queued; nil if there is nothing.
func (r *request) ahead() <-chan struct{} {
	if r.change == nil {
		return nil
	}
	return r.change.Lease.behind()
}

// prepare queues r for the writer once a goroutine has written its large payloads to files, so that neither the
// caller nor the writer waits for that; changes of its lease that come after it stay behind it.
func (s *Store) prepare(r *request) {
	ahead := r.ahead()
	if !s.writer.announce() {
		go r.done(ErrClosed) // ends at once; the caller may hold a lock that done takes
		return
	}
	queued := make(chan struct{})
	if r.change != nil {
		r.change.Lease.line = queued
	}
	go func() { // ends by itself; the writer does not end before
		defer close(queued)
		if r.large() {
			r.offload(s.files)
		}
		if ahead != nil {
			<-ahead
		}
		s.writer.arrive(r)
	}()
}

// Apply is Submit, and waits. If ctx ends before the writer has taken c, c is withdrawn and the
// error is ctx's cause; after that Apply waits for the outcome.
func (s *Store) Apply(ctx context.Context, c *Change) error {
	return s.await(ctx, &request{change: c})
}

// Create inserts a run. If its key is taken the error is a *KeyError and the Run returned holds the
// UUID of the run that has it. ctx is treated as by Apply.
func (s *Store) Create(ctx context.Context, c *Create) (Run, error) {
	r := &request{create: c}
	err := s.await(ctx, r)
	return r.made(), err
}

// Claim makes c.Worker the owner of runs and returns them as they are then. Fewer than c.Limit mean that there
// are no more now. ctx is treated as by Apply; what has been claimed before it ends is returned without an error.
func (s *Store) Claim(ctx context.Context, c Claim) ([]Run, error) {
	var runs []Run
	for again := true; again; {
		r := &request{claim: &c}
		if err := s.await(ctx, r); err != nil {
			r.returnRuns()
			if len(runs) > 0 {
				break
			}
			return nil, err
		}
		runs = append(runs, r.runs...)
		c.Limit -= len(r.runs)
		again = r.again
	}
	for i := range runs {
		s.loadRun(&runs[i])
	}
	return runs, nil
}

// Update runs fn in the writer, in a savepoint: its error undoes what fn did and nothing else. fn
// must do nothing but SQL, and may be called again if the transaction has to be repeated. ctx is
// treated as by Apply.
func (s *Store) Update(ctx context.Context, fn func(*Tx) error) error {
	return s.await(ctx, &request{update: fn})
}

// UserTx runs the user's SQL in a savepoint, as Change.Effect is run, and reports whether it has given
// others something to do. Its error is that of fn as it is. ctx is treated as by Apply.
func (s *Store) UserTx(ctx context.Context, fn func(*UserTx) error) (wakes bool, err error) {
	r := &request{user: fn}
	err = s.await(ctx, r)
	return r.wakes && err == nil, err
}

// Setup is UserTx without a limit of time but ctx, whose end interrupts fn.
func (s *Store) Setup(ctx context.Context, fn func(*UserTx) error) (wakes bool, err error) {
	r := &request{user: fn, setup: ctx}
	err = s.await(ctx, r)
	return r.wakes && err == nil, err
}

func (s *Store) await(ctx context.Context, r *request) error {
	if s.writer == nil {
		return ErrReadOnly
	}
	if InTx(ctx) {
		return ErrInTx
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	outcome := make(chan error, 1)
	r.done = func(err error) { outcome <- err }
	if s.hand(r) {
		s.writer.lead()
	}
	select {
	case err := <-outcome:
		return err
	case <-ctx.Done():
		if r.state.CompareAndSwap(queued, withdrawn) {
			return context.Cause(ctx)
		}
		return <-outcome
	}
}
