package engine

import "errors"

// Suspect marks the error of an attempt for which the checkpoint itself may be to blame, as when a program
// crashes while it reads its state. The attempt is repeated as the step's Retry says; the third that fails so
// at the same checkpoint, in a row, gives it up, as if three owners had died there: the run goes on
// from the checkpoint before. A nil error stays nil.
func Suspect(err error) error {
	if err == nil {
		return nil
	}
	return &suspectError{err}
}

type suspectError struct{ err error }

func (e *suspectError) Error() string { return e.err.Error() }
func (e *suspectError) Unwrap() error { return e.err }

// isSuspect reports whether an error is marked by Suspect.
func isSuspect(err error) bool {
	_, ok := errors.AsType[*suspectError](err)
	return ok
}
