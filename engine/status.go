package engine

import "slices"

// Status is where a run is in its life.
type Status string

// The statuses of a run.
const (
	Pending      Status = "pending"      // enqueued: a worker may take it
	Running      Status = "running"      // owned by a worker
	Waiting      Status = "waiting"      // for a time; holds no worker
	Paused       Status = "paused"       // by a person; goes on with Resume
	Blocked      Status = "blocked"      // something is wrong that the engine will not guess about
	Suspended    Status = "suspended"    // stopped in an orderly way in the foreground; goes on with Resume
	Compensating Status = "compensating" // undoing completed steps on the way to failed or cancelled
	Completed    Status = "completed"    // ended with a result
	Failed       Status = "failed"       // ended with an error
	Cancelled    Status = "cancelled"    // ended by a person
)

// transitions is the table of allowed changes of status. The schema holds the same one as a
// trigger; a test compares the two.
var transitions = map[Status][]Status{
	Pending:      {Running, Waiting, Paused, Blocked, Compensating, Cancelled},
	Running:      {Pending, Waiting, Paused, Blocked, Suspended, Compensating, Completed, Failed, Cancelled},
	Waiting:      {Pending, Running, Paused, Blocked, Suspended, Compensating, Failed, Cancelled},
	Paused:       {Pending, Running, Waiting, Compensating, Cancelled},
	Blocked:      {Pending, Running, Compensating, Failed, Cancelled},
	Suspended:    {Pending, Running, Paused, Blocked, Compensating, Cancelled},
	Compensating: {Paused, Blocked, Suspended, Failed, Cancelled},
	Completed:    {},
	Failed:       {Pending}, // by a person who has mended the cause: Retry
	Cancelled:    {},
}

// Statuses returns all statuses in the order of a run's life.
func Statuses() []Status {
	return []Status{Pending, Running, Waiting, Paused, Blocked, Suspended, Compensating, Completed, Failed, Cancelled}
}

// Ended reports whether a run with this status is over. Only Retry changes it then, and only from Failed.
func (s Status) Ended() bool { return s == Completed || s == Failed || s == Cancelled }

// CanBecome reports whether a run may change from s to next.
func (s Status) CanBecome(next Status) bool { return slices.Contains(transitions[s], next) }
