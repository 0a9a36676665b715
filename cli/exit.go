package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/durable-wf/wf/engine"
)

// The exit codes of every command. Scripts may rely on them.
const (
	ExitOK        = 0  // completed; or the command did what it was asked to
	ExitError     = 1  // the database or another file could not be read or written
	ExitUsage     = 2  // an unknown workflow, flag or run, or invalid input; nothing was started
	ExitFailed    = 3  // the run failed
	ExitCancelled = 4  // the run was cancelled
	ExitBlocked   = 5  // the run is blocked: it needs a person
	ExitRunning   = 6  // the run has not ended: it waits, is paused, or another process executes it
	ExitSuspended = 75 // interrupted: a run that was started is saved and goes on with resume (EX_TEMPFAIL)

	// Ended at once by a signal more than a second after the first, without saving: a run goes on with
	// resume from its last checkpoint.
	ExitHangup    = 129 // SIGHUP
	ExitInterrupt = 130 // SIGINT
	ExitTerminate = 143 // SIGTERM
)

// hinter is an error that carries advice. The advice is one clause, shown after the error.
type hinter interface {
	error
	Hint() string
}

// usageError is a mistake in the command line; nothing was done.
type usageError struct {
	err  error
	hint string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }
func (e *usageError) Hint() string  { return e.hint }

// usagef makes an error that exits with ExitUsage.
func usagef(format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...)}
}

// hinted adds advice to err without changing what it is. A nil err stays nil.
func hinted(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &hintedError{err, fmt.Sprintf(format, args...)}
}

type hintedError struct {
	err  error
	hint string
}

func (e *hintedError) Error() string { return e.err.Error() }
func (e *hintedError) Unwrap() error { return e.err }
func (e *hintedError) Hint() string  { return e.hint }

// codeError ends the command with a code when everything there is to say has been said.
type codeError int

func (e codeError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// exitCode maps an error to the exit code of the command that returned it.
func exitCode(err error) int {
	if err == nil {
		return ExitOK
	}
	if code, ok := errors.AsType[codeError](err); ok {
		return int(code)
	}
	if run, ok := errors.AsType[*engine.RunError](err); ok {
		return statusCode(run.Status)
	}
	switch {
	case isUsage(err):
		return ExitUsage
	case errors.Is(err, engine.ErrRunOwned):
		return ExitRunning
	case interrupted(err):
		return ExitSuspended
	case errors.Is(err, syscall.EPIPE):
		return ExitOK // whoever read the output has seen enough
	}
	return ExitError
}

// errForced is what a process says that is ended before it has saved.
var errForced = errors.New("ended without saving what was not saved yet")

// interrupted reports whether the command ended because a signal told it to.
func interrupted(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, engine.ErrShutdown)
}

func isUsage(err error) bool {
	for _, target := range []error{
		engine.ErrWorkflowUnknown, engine.ErrRunNotFound, engine.ErrScheduleNotFound, engine.ErrKeyConflict, engine.ErrKeyTaken, engine.ErrRunEnded,
		engine.ErrPacked, engine.ErrRunHere,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*engine.TransitionError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*engine.UndoneError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*engine.FilterError](err); ok {
		return true
	}
	_, ok := errors.AsType[*engine.InputError](err)
	return ok
}

// statusCode is the exit code of a command that leaves its run in status s.
func statusCode(s engine.Status) int {
	switch s {
	case engine.Completed:
		return ExitOK
	case engine.Failed:
		return ExitFailed
	case engine.Cancelled:
		return ExitCancelled
	case engine.Blocked:
		return ExitBlocked
	case engine.Suspended:
		return ExitSuspended
	case engine.Pending, engine.Running, engine.Waiting, engine.Paused, engine.Compensating:
		return ExitRunning
	}
	return ExitError
}

// severity orders exit codes: of several runs, the worst decides.
func severity(code int) int {
	return slices.Index([]int{
		ExitOK, ExitRunning, ExitSuspended, ExitCancelled, ExitFailed, ExitBlocked, ExitUsage, ExitError,
	}, code)
}

// worse returns the worse of two exit codes.
func worse(a, b int) int {
	if severity(b) > severity(a) {
		return b
	}
	return a
}

// message is what a person reads of err: one line, with its advice.
func message(err error) string {
	if interrupted(err) {
		return "interrupted"
	}
	text := err.Error()
	if h, ok := errors.AsType[hinter](err); ok && h.Hint() != "" {
		text += "; " + h.Hint()
	} else if errors.Is(err, engine.ErrFull) || errors.Is(err, syscall.ENOSPC) {
		text += "; make room, then do it again: nothing that was acknowledged is lost"
	}
	return oneLine(text)
}

// silent reports whether err needs no message: all was said, or nobody reads any more.
func silent(err error) bool {
	_, said := errors.AsType[codeError](err)
	return said || errors.Is(err, syscall.EPIPE)
}

// oneLine joins the lines of s and makes control characters harmless to a terminal.
func oneLine(s string) string {
	lines := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' })
	for i, line := range lines {
		lines[i] = printable(strings.TrimSpace(line))
	}
	return strings.Join(lines, "; ")
}

// printable replaces control characters, which could move a terminal's cursor, by spaces.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

// unreadError is an error of writing to stdout that must be told, even that nobody reads it.
type unreadError struct{ err error }

func (e *unreadError) Error() string { return e.err.Error() }
