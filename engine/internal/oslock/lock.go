package oslock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

// lock takes flock how (unix.LOCK_EX or LOCK_SH) on f and blocks its thread until it has it. Nothing
// ends the wait early, not even closing f.
func lock(f *os.File, how int) error {
	return flock(f, how)
}

// tryLock takes flock how on f if it is free, and reports whether it did.
func tryLock(f *os.File, how int) (bool, error) {
	err := flock(f, how|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// unlock frees the flock on f. Closing f alone would not do: a child process that is just being
// forked shares the open file until it executes its program, and with it the lock.
func unlock(f *os.File) error {
	return flock(f, unix.LOCK_UN)
}

func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how)
		runtime.KeepAlive(f)
		if err == nil {
			return nil
		}
		if !errors.Is(err, unix.EINTR) { // a signal handler of C code may lack SA_RESTART
			return &fs.PathError{Op: "flock", Path: f.Name(), Err: err}
		}
	}
}

// locked reports whether somebody holds an exclusive lock on the file at path. It probes with a shared
// lock for an instant, which another probe does not notice. The error wraps fs.ErrNotExist if the file
// is missing.
func locked(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	free, err := tryLock(f, unix.LOCK_SH)
	if free {
		err = unlock(f)
	}
	return !free, errors.Join(err, f.Close())
}

// create makes the file name in dir with the given content and returns it exclusively locked. The file
// is locked before it gets its name, so nobody ever finds it there unlocked while its owner lives. The
// error wraps fs.ErrExist if the name is taken.
func create(dir, name string, content []byte) (*os.File, error) {
	f, err := os.CreateTemp(dir, unbornPrefix+"*")
	if err != nil {
		return nil, err
	}
	if err := baptise(f, filepath.Join(dir, name), content); err != nil {
		return nil, errors.Join(err, os.Remove(f.Name()), f.Close())
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, os.Remove(filepath.Join(dir, name)), f.Close())
	}
	return f, nil
}

// baptise locks and fills f and links it to path, which must not exist: a rename would replace it.
func baptise(f *os.File, path string, content []byte) error {
	if err := lock(f, unix.LOCK_EX); err != nil {
		return err
	}
	if _, err := f.WriteAt(content, 0); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}

// discard removes the file at path, then frees the lock that f holds on it, and closes f. In this
// order nobody can find the file unlocked.
func discard(f *os.File, path string) error {
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // somebody removed the whole folder; there is nothing left to undo
	}
	if err := errors.Join(err, unlock(f), f.Close()); err != nil {
		return fmt.Errorf("release %s: %w", filepath.Base(path), err)
	}
	return nil
}
