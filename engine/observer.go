package engine

import "time"

// Observer is told what happens in an engine: the hook for logs, metrics and traces. Any function may be
// nil. They are called after the commit that they tell of, some from the goroutine of a step and some
// from that of the writer, so they must not block: no I/O, no call of the engine; hand on what takes
// time. A panic in one is recovered and logged. What one process does is told in that process alone.
type Observer struct {
	RunStarted   func(Run)          // enqueued, by this process
	RunClaimed   func(Run)          // this process executes it from here on
	StepStarted  func(Ref)          // an attempt begins
	StepEnded    func(StepEvent)    // it has ended and what it came to is committed
	RunWaiting   func(Run)          // for a time, a signal, children or its next attempt
	RunBlocked   func(Run)          // until a person looks at it
	RunEnded     func(Run)          // completed, failed or cancelled
	LeaseLost    func(Ref)          // another process owns the run now
	CommitEnded  func(CommitEvent)  // a batch of the writer is durable
	WorkerBuried func(worker int64) // this process has freed the runs of a worker that died
}

// StepEvent is the end of an attempt.
type StepEvent struct {
	Ref  Ref
	Next string        // the step that follows; "" when the run has ended, or the attempt failed
	Took time.Duration // executing
	Err  error         // why it failed; nil if it did not
	// Retry tells when the next attempt is due; zero if there is none.
	Retry time.Time
}

// CommitEvent is one transaction of the writer.
type CommitEvent struct {
	Requests int           // committed together
	Took     time.Duration // the write lock included
	Err      error         // nil if it is durable
}
