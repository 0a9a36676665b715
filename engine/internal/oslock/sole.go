package oslock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const solePrefix = "sole-"

// Sole reserves the deed called name for this call, among all processes, and reports whether it could: if not,
// somebody else is at it. It is free again once release has been called, or when this process ends, however it ends. A
// name is a file name without a separator.
func Sole(dir, name string) (release func() error, ok bool, err error) {
	if name != filepath.Base(name) {
		return nil, false, fmt.Errorf("reserve %q: no file name", name)
	}
	path := filepath.Join(dir, solePrefix+name)
	for {
		f, err := open(dir, solePrefix+name)
		if err != nil {
			return nil, false, fmt.Errorf("reserve %s: %w", name, err)
		}
		if ok, err := tryLock(f, unix.LOCK_EX); !ok || err != nil {
			return nil, false, errors.Join(err, f.Close())
		}
		if named(f, path) {
			return func() error { return discard(f, path) }, true, nil
		}
		if err := f.Close(); err != nil { // it was released between open and lock: that file guards nothing any more
			return nil, false, err
		}
	}
}

// named reports whether path still leads to the open file.
func named(f *os.File, path string) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(mine, there) || err != nil && !errors.Is(err, fs.ErrNotExist)
}
