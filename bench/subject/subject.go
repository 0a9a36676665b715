// Package subject is what every engine that is measured looks like to the workloads: the same few calls for all,
// so that each does the same work. An engine is a package below this one; Subjects in it lists its configurations.
// Its program in cmd is three lines; nothing else needs to know of it. To try it:
//
//	go build -o /tmp/e ./cmd/dbos && /tmp/e trial --subject dbos --workload seq --n 100 --dir "$(mktemp -d)"
package subject

import (
	"context"
	"time"
)

// Subject is one engine in one configuration.
type Subject struct {
	Key     string // names it on the command line and in results: "wf", "dbos-full"; lower case, unique
	Engine  string // "DBOS"
	Config  string // what sets this configuration apart, for people: "SQLite, synchronous=FULL"
	Module  string // the Go module of the engine; its version is read from the build info of the program
	Default bool   // what a newcomer gets; the others are tuned
	Pure    bool   // it makes use of Shape.Pure

	// Caveats are what a reader of the figures should know about this engine: paragraphs of Markdown for the report,
	// set on the first subject of an engine.
	Caveats []string

	// Open opens an engine with its workers running. It is called once per process.
	Open func(ctx context.Context, o Options) (System, error)

	// Sizes says how large a workload may be for this subject, by the workload's name, where its usual size would
	// take longer than about five seconds or is more than the engine can bear. Rates are per second, so they stay
	// comparable. The names are seq, pure, many100, many1000, startlat, recover, long, resume, sleepers, fanout, signal,
	// loop and growth.
	Sizes map[string]int
	// Unable says why this subject has no figure for a workload, by the workload's name. What a System does not
	// implement needs no line here.
	Unable map[string]string
}

// Options are what a subject is opened with.
type Options struct {
	Dir      string // an empty folder, or what a killed process has left in it
	InFlight int    // how many runs the workload has in flight: as many workers as that are of use; 0 for as many as by default

	// Step is to be called at the beginning of each step with effects: by the function that is the step, in the process
	// that executes it. run is the id given to Start (or Sleep, Spawn), i counts the run's steps from 0. What it
	// returns is the step's effect, to be added up in the run's state or result: the workload checks the sum. It
	// may block, until ctx ends; then it returns the error.
	Step func(ctx context.Context, run string, i int) (int64, error)
}

// Shape says what a run is made of.
type Shape struct {
	Steps int  // one after the other, each recorded durably before the next begins (if the engine promises that)
	Pure  bool // the steps have no effects outside: an engine that can make use of it may
}

// System is an open engine. Its methods are safe for concurrent use.
type System interface {
	// Durability is read from the live connection: "WAL, synchronous=FULL".
	Durability(ctx context.Context) (string, error)
	// Start starts a run. When it returns, the start is durable as the engine understands it.
	Start(ctx context.Context, id string, s Shape) (Run, error)
	// Close stops the engine. Runs that have not ended may be left as they are.
	Close(ctx context.Context) error
}

// Run is a run that was started.
type Run interface {
	// Wait waits until the run has completed and returns the sum of what its steps have returned.
	Wait(ctx context.Context) (int64, error)
}

// Foreground is a System that can start a run and execute it in the caller's goroutine.
type Foreground interface {
	Execute(ctx context.Context, id string, s Shape) (int64, error)
}

// Signaller is a System whose runs can wait for a message.
type Signaller interface {
	// Await starts a run that waits for a signal, executes one step when it has come, and completes. It returns
	// when the run waits, as far as the engine can tell.
	Await(ctx context.Context, id string) (Run, error)
	// Signal sends the signal to a run that Await has started, durably as the engine understands it.
	Signal(ctx context.Context, r Run) error
}

// Sleeper is a System whose runs can sleep.
type Sleeper interface {
	// Sleep starts n runs by the quickest way that the engine's public API has. Run i is called id(i), sleeps
	// until due(i), executes one step and completes. It returns when all are durable.
	Sleep(ctx context.Context, n int, id func(i int) string, due func(i int) time.Time) error
}

// Spawner is a System whose runs can have children.
type Spawner interface {
	// Spawn starts a run that starts n children of one step each, waits for all of them and completes with the sum
	// of their results. The children may be called as the engine likes.
	Spawn(ctx context.Context, id string, n int) (Run, error)
}

// Counter is a System that can count its completed runs, those of earlier processes included.
type Counter interface {
	Completed(ctx context.Context) (int, error)
}

// Sizer is a System whose data is not in Options.Dir.
type Sizer interface {
	Bytes(ctx context.Context) (int64, error)
}

// Pruner is a System that can remove all runs that have ended, with all that it has recorded about them.
type Pruner interface {
	// Prune removes them, and gives the space back to the file system where the engine documents how.
	Prune(ctx context.Context) error
}

// Baseline is a System that can do the work of many runs without an engine between.
type Baseline interface {
	// Group executes runs of so many steps, with so many changes per commit. A change is a run's start or a step.
	Group(ctx context.Context, runs, steps, perCommit int) error
}

// Looper is a System whose steps can ask, in the innermost loop, whether it is time to save.
type Looper interface {
	// Loop measures a loop of n iterations with and without the question, and what it costs a run to be saved once a
	// second for so long.
	Loop(ctx context.Context, n int, saveFor time.Duration) (LoopCost, error)
}

// LoopCost is what asking costs per iteration, and what saving costs.
type LoopCost struct {
	AddNS, AddAskingNS       float64 // per iteration that adds integers, without and with the question
	DivideNS, DivideAskingNS float64 // per iteration that divides
	Saves                    int
	StalledShare             float64 // of the time of a step that is saved once a second: for that long it stood still
}
