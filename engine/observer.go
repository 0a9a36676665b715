package engine

import "time"

// Observer is told what happens in an engine: the hook for logs, metrics and traces. Any function may be
// nil, and costs nothing then. What one process does is told in that process alone; what two of them do is
// told in each.
//
// The hooks are called after the commit that they tell of, and before whoever asked for it learns of it, from
// the goroutine of a step or that of the writer, which stand still meanwhile. So they must not block: no I/O, no
// call of the engine, which may wait for the writer; hand on what takes time. They may be called at the same
// time: a run that waits for a millisecond may be claimed again before StepEnded is told. A panic in one is recovered
// and logged. A Run has neither State nor Result here; read them with [Engine.Get].
type Observer struct {
	RunStarted   func(Run)          // a new run: by this process's Start, a Spawn of a run that it executes, or a schedule
	RunClaimed   func(Run)          // this process executes it from here on
	StepStarted  func(Ref)          // an attempt begins
	StepEnded    func(StepEvent)    // what it came to is committed, or never will be; once for each StepStarted
	StepHeedless func(Heedless)     // it has to stop and does not look whether it has to; logged if nil
	RunWaiting   func(Run)          // for a time, a signal, children or its next attempt
	RunBlocked   func(Run)          // until a person looks at it
	RunEnded     func(Run)          // completed, failed or cancelled, whether this process executed it or not
	LeaseLost    func(Ref)          // another process owns the run now
	CommitEnded  func(CommitEvent)  // a batch of the writer is durable, or has failed as a whole
	WorkerBuried func(worker int64) // this process has freed the runs of a worker that died
}

// StepEvent is the end of an attempt.
type StepEvent struct {
	Ref  Ref
	Next string        // the step that follows; "" when the run has ended, or the attempt failed or was stopped
	Took time.Duration // executing, commits within it included
	Err  error         // why it failed, or the cause that stopped it, such as ErrShutdown; nil if it did neither
	// Retry tells when the next attempt is due; zero if there is none.
	Retry time.Time
}

// Heedless is an attempt that was told to stop, and has neither ended nor saved, told progress or made a call since.
type Heedless struct {
	Ref   Ref
	For   time.Duration // so far
	Cause error         // why it has to stop
}

// CommitEvent is one transaction of the writer.
type CommitEvent struct {
	Requests int           // committed together
	Took     time.Duration // the wait for the write lock included
	Err      error         // nil if it is durable
}
