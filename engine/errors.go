package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/durable-wf/wf/engine/internal/input"
	"github.com/durable-wf/wf/engine/internal/store"
)

// What callers branch on. Test with errors.Is.
var (
	// ErrStopped is returned by [Context.Save] once the run must stop here. The state is safe.
	ErrStopped = errors.New("run stopped: the state is saved")
	// ErrLeaseLost is the cause of a step's cancelled context when another process owns the run now.
	ErrLeaseLost = errors.New("lease lost: another process owns the run")
	// ErrStorage means that the database did not take a write; what it did not acknowledge is not durable.
	ErrStorage = store.ErrStorage
	// ErrShutdown is the cause of a step's cancelled context when its process stops in an orderly way.
	ErrShutdown = errors.New("shutting down")
	// ErrPaused is the cause of a step's cancelled context when a person pauses the run.
	ErrPaused = errors.New("run paused")
	// ErrCancelled is the cause of a step's cancelled context when a person cancels the run.
	ErrCancelled = errors.New("run cancelled")
	// ErrStepTimeout is the cause of a step's cancelled context when its Timeout is over.
	ErrStepTimeout = errors.New("the step's time is over")
	// ErrCallTimeout is the cause of a recorded call's cancelled context when the time of [CallTimeout] is over.
	ErrCallTimeout = errors.New("the call's time is over")
	// ErrHeartbeatTimeout is the cause of a step's cancelled context when it has neither saved nor told
	// progress for its Heartbeat.
	ErrHeartbeatTimeout = errors.New("the step shows no progress")
	// ErrDeadline is the cause of a step's cancelled context when the workflow's Deadline is over.
	ErrDeadline = errors.New("the run's deadline is over")
	// ErrAttemptEnded is returned by every method of a Context whose step has returned.
	ErrAttemptEnded = errors.New("the attempt has ended: its context must not be used any more")

	// ErrRunNotFound means that the database has no such run.
	ErrRunNotFound = errors.New("run not found")
	// ErrScheduleNotFound means that the database has no schedule of that name.
	ErrScheduleNotFound = errors.New("schedule not found")
	// ErrWorkflowUnknown means that this program has no workflow of that name.
	ErrWorkflowUnknown = errors.New("unknown workflow")
	// ErrKeyConflict means that the key stands for a run with another input.
	ErrKeyConflict = errors.New("the key is taken by a run with another input")
	// ErrKeyTaken means that the key stands for a run already, which KeyReject refuses.
	ErrKeyTaken = errors.New("the key is taken")
	// ErrRunEnded means that the run has ended and cannot change any more.
	ErrRunEnded = errors.New("the run has ended")
	// ErrRunOwned means that another living process executes the run.
	ErrRunOwned = errors.New("another process executes the run")
	// ErrClosed means that the engine is closed.
	ErrClosed = store.ErrClosed
	// ErrInTx means that user SQL called the engine that runs it.
	ErrInTx = store.ErrInTx

	// ErrNoFile means that the database does not exist and was not to be created.
	ErrNoFile = store.ErrNoFile
	// ErrSchemaTooNew means that a newer program wrote the database.
	ErrSchemaTooNew = store.ErrSchemaTooNew
	// ErrSchemaTooOld means that the database must be migrated first.
	ErrSchemaTooOld = store.ErrSchemaTooOld
	// ErrReadOnly means that the engine was opened to read only.
	ErrReadOnly = store.ErrReadOnly
	// ErrForeign means that the database belongs to another program, or holds tables that are not ours
	// and Config.Adopt is not set.
	ErrForeign = store.ErrForeign
	// ErrArchive means that Archive has made the file: it can be read, but takes no new runs.
	ErrArchive = store.ErrArchive
	// ErrNotDatabase means that the file is no SQLite database.
	ErrNotDatabase = store.ErrNotDatabase
	// ErrIsFolder means that the path is a folder.
	ErrIsFolder = store.ErrIsFolder
	// ErrUnreadable means that the operating system does not let the file be opened.
	ErrUnreadable = store.ErrUnreadable
	// ErrNetwork means that the database is on a network file system and Config.AllowNetwork is not set.
	ErrNetwork = store.ErrNetwork
	// ErrFull means that the disk is full. It is an ErrStorage.
	ErrFull = store.ErrFull
	// ErrGone means that the file was deleted or replaced while in use. It is an ErrStorage.
	ErrGone = store.ErrGone
	// ErrAmbiguous means that several runs fit what was asked for.
	ErrAmbiguous = store.ErrAmbiguous
	// ErrNotSelect means that a query is not one SELECT.
	ErrNotSelect = store.ErrNotSelect
	// ErrBadQuery means that SQLite does not understand a query.
	ErrBadQuery = store.ErrBadQuery
)

// InputError says that what was given to a run is not valid. Nothing was started.
type InputError struct {
	Workflow string
	Err      error
}

func (e *InputError) Error() string { return fmt.Sprintf("workflow %q: %v", e.Workflow, e.Err) }
func (e *InputError) Unwrap() error { return e.Err }

// FieldError is the part of an InputError that names the field.
type FieldError = input.Error

// StepError is the failure of one attempt of one step of one run.
type StepError struct {
	RunID   int64
	Step    string
	Attempt int // counts from 1
	Err     error
}

func (e *StepError) Error() string {
	return fmt.Sprintf("run %d: step %q: attempt %d: %v", e.RunID, e.Step, e.Attempt, e.Err)
}
func (e *StepError) Unwrap() error { return e.Err }

// RunError says that a run did not complete: it failed, was cancelled, or cannot go on by itself.
type RunError struct {
	RunID  int64
	Status Status
	Reason string // the stored error or reason
}

func (e *RunError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("run %d: %s", e.RunID, e.Status)
	}
	return fmt.Sprintf("run %d: %s: %s", e.RunID, e.Status, e.Reason)
}

// Is makes errors.Is(err, ErrCancelled) and errors.Is(err, ErrPaused) true for runs in that status.
func (e *RunError) Is(target error) bool {
	return target == ErrCancelled && e.Status == Cancelled || target == ErrPaused && e.Status == Paused
}

// RemovedError says that a run is not in the database any more. It is an ErrRunNotFound.
type RemovedError struct {
	RunID   int64
	UUID    string
	Archive string // the file that has the run now; "" if it was deleted for good
	At      time.Time
}

func (e *RemovedError) Error() string {
	if e.Archive != "" {
		return fmt.Sprintf("run %d was archived to %s", e.RunID, e.Archive)
	}
	return fmt.Sprintf("run %d was pruned on %s", e.RunID, e.At.Format(time.DateOnly))
}

// Is makes errors.Is(err, ErrRunNotFound) true.
func (e *RemovedError) Is(target error) bool { return target == ErrRunNotFound }

// TransitionError says that a run's status does not allow what was asked for.
type TransitionError struct {
	RunID    int64
	From, To Status
}

func (e *TransitionError) Error() string {
	return fmt.Sprintf("run %d: %s, so it cannot become %s", e.RunID, e.From, e.To)
}

// Is makes errors.Is(err, ErrRunEnded) true for a run that has ended.
func (e *TransitionError) Is(target error) bool { return target == ErrRunEnded && e.From.Ended() }

// Permanent marks err as one that no retry will mend.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// Block marks err as one that no attempt will mend until a person has changed something outside, such as a
// folder that is not there: the run is blocked with it, and goes on from where it is by Resume. A nil error
// stays nil.
func Block(err error) error {
	if err == nil {
		return nil
	}
	return blocked(err)
}

func isPermanent(err error) bool {
	_, ok := errors.AsType[*permanentError](err)
	return ok
}

// PanicError is a panic of a step or a recorded call, as the error of its attempt. Its stack goes
// into the history, not into its text.
type PanicError struct {
	Value any
	Stack string
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }
