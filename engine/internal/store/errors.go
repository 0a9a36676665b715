package store

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// What callers branch on. Every error of this package that has such a reason matches one of them
// with errors.Is; its text is one line that says what and where.
var (
	ErrNotFound     = errors.New("not found")
	ErrKeyExists    = errors.New("key is taken")                              // a *KeyError says by which run
	ErrGuard        = errors.New("run has changed")                           // a compare-and-set missed
	ErrSchemaTooNew = errors.New("database is newer than this program")       // its schema, that is
	ErrSchemaTooOld = errors.New("database needs a migration")                // run `wf migrate`
	ErrNoFile       = errors.New("no such database")                          // and Options.Create is not set
	ErrNotDatabase  = errors.New("not a SQLite database")                     //
	ErrForeign      = errors.New("database of another program")               // or of the user's own, without Options.Adopt
	ErrArchive      = errors.New("is an archive, which can only be read")     // see Archive
	ErrIsFolder     = errors.New("is a folder, not a database file")          //
	ErrUnreadable   = errors.New("cannot be opened")                          // permissions, mostly
	ErrNetwork      = errors.New("database is on a network file system")      // and Options.AllowNetwork is not set
	ErrFull         = errors.New("disk is full")                              // also matches ErrStorage
	ErrGone         = errors.New("database file was deleted or replaced")     // while it was in use; also matches ErrStorage
	ErrClosed       = errors.New("store is closed")                           //
	ErrReadOnly     = errors.New("store is read-only")                        //
	ErrInTx         = errors.New("engine called from inside user SQL")        //
	ErrStorage      = errors.New("storage error")                             // anything else that SQLite reports
	ErrDenied       = errors.New("statement is not allowed in a transaction") // user SQL the authorizer refused
)

// Error is a failure of the database file: what was done, to which file, of which kind.
type Error struct {
	Op   string // "open", "commit", …
	Path string
	Kind error // one of the sentinels
	Err  error // the cause; may be nil
}

func (e *Error) Error() string {
	text := e.Path + ": "
	if e.Op != "" {
		text += e.Op + ": "
	}
	text += e.Kind.Error()
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the error's kind. A full disk and a file that is gone are storage errors too.
func (e *Error) Is(target error) bool {
	return target == e.Kind || target == ErrStorage && (e.Kind == ErrFull || e.Kind == ErrGone)
}

// KeyError says which run an idempotency key already stands for. It matches ErrKeyExists.
type KeyError struct {
	Workflow, Key string
	UUID          string // of the run
	InputHash     []byte // of the input that the run was started with
}

func (e *KeyError) Error() string {
	return fmt.Sprintf("workflow %q: key %q is taken by run %s", e.Workflow, e.Key, e.UUID)
}

// Is reports whether target is ErrKeyExists.
func (e *KeyError) Is(target error) bool { return target == ErrKeyExists }

// PanicError is a panic in a function that was given to the store.
type PanicError struct {
	Value any
	Stack []byte // of the goroutine that panicked
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// failure wraps an error of the driver in an *Error. It is the one place where result codes get a
// meaning; errors that have one already, and those of contexts, pass unchanged.
func (s *Store) failure(op string, err error) error {
	return wrap(op, s.path, err)
}

func wrap(op, path string, err error) error {
	if err == nil || isOurs(err) {
		return err
	}
	return &Error{Op: op, Path: path, Kind: kindOf(err), Err: err}
}

func isOurs(err error) bool {
	if _, ok := errors.AsType[*Error](err); ok {
		return true
	}
	for _, known := range []error{ErrNotFound, ErrKeyExists, ErrGuard, ErrClosed, ErrReadOnly, ErrInTx, ErrDenied, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

func kindOf(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) { // of a payload's file
		return ErrFull
	}
	driver, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return ErrStorage
	}
	if driver.Code() == sqlite3.SQLITE_IOERR_SHMSIZE { // no room for the index of the log
		return ErrFull
	}
	switch driver.Code() & 0xff { // without the extended part
	case sqlite3.SQLITE_FULL:
		return ErrFull
	case sqlite3.SQLITE_NOTADB:
		return ErrNotDatabase
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY:
		return ErrUnreadable
	default:
		return ErrStorage
	}
}

// isCode reports whether err carries the primary result code.
func isCode(err error, code int) bool {
	driver, ok := errors.AsType[*sqlite.Error](err)
	return ok && driver.Code()&0xff == code
}
